internal import CSharedMemory
internal import ProcessKit
internal import WSGIWire

/// Shows the request of one thread in shared memory while it runs in embedded mode.
@safe struct EmbeddedRecord {
    private var record: UnsafeMutablePointer<wsgi_thread_record>?
    private var isTaken = false

    /// Begins to show a request.
    ///
    /// - Parameters:
    ///   - head: The encoded request.
    ///   - now: The monotonic clock in nanoseconds.
    @inline(__always)
    mutating func begin(_ head: UnsafeRawBufferPointer, at now: UInt64) {
        if !isTaken { take() }
        guard let record = unsafe record else { return }
        let texts = unsafe RequestHead.texts(of: head)
        unsafe wsgi_record_begin(
            record, texts.id.baseAddress, texts.id.count, texts.line.baseAddress, texts.line.count, now)
    }

    /// The request has ended.
    @inline(__always)
    func end() { if let record = unsafe record { unsafe _ = wsgi_record_end(record) } }

    /// Takes a place, once. If all are taken, requests of this thread are not shown.
    @inline(never)
    private mutating func take() {
        isTaken = true
        unsafe record = Metrics.embedded?.take()
    }
}
