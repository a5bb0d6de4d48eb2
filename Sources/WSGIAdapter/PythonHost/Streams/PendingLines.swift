internal import CPython
internal import WSGIWire

/// The unfinished lines of a log stream, one for each thread that has begun one, so that text of several threads is
/// never mixed in one line.
///
/// Needs the GIL.
@safe struct PendingLines: ~Copyable {
    @safe private struct Entry: ~Copyable {
        /// Python's id of the thread; 0: the entry is free.
        var thread: UInt = 0
        var line = ByteBuffer(capacity: 256)
        let next: UnsafeMutablePointer<Entry>?
    }

    /// The maximum number of threads with a line.
    private static let most = 32

    /// Entries are reused, by any thread.
    private var count = 0
    private var first: UnsafeMutablePointer<Entry>?

    /// No lines.
    init() { unsafe first = nil }

    deinit {
        var next = unsafe first
        while let entry = unsafe next {
            unsafe next = entry.pointee.next
            unsafe entry.deinitialize(count: 1)
            unsafe entry.deallocate()
        }
    }

    /// Whether no thread has ever begun a line here.
    var isEmpty: Bool { unsafe first == nil }

    /// Appends bytes to the calling thread's line. Returns the result of `ErrorLine.complete`. If there are too many
    /// lines, because threads have ended without finishing theirs, all lines count as complete.
    mutating func complete(_ bytes: UnsafeRawBufferPointer?, script: UnsafeRawBufferPointer?) -> ByteBuffer {
        let thread = UInt(PyThread_get_thread_ident())
        var records: ByteBuffer?
        if let found = unsafe find(thread) ?? find(0) { return unsafe complete(bytes, in: found, of: thread, script) }
        if count == Self.most { records = unsafe takeAll(script: script) }
        let entry = unsafe count == Self.most ? first ?? make() : make()
        let own = unsafe complete(bytes, in: entry, of: thread, script)
        guard var all = records.take() else { return own }
        unsafe all.append(own.bytes)
        return all
    }

    private func complete(
        _ bytes: UnsafeRawBufferPointer?, in entry: UnsafeMutablePointer<Entry>, of thread: UInt,
        _ script: UnsafeRawBufferPointer?
    ) -> ByteBuffer {
        let records = unsafe ErrorLine.complete(bytes, with: &entry.pointee.line, script: script)
        unsafe entry.pointee.thread = unsafe entry.pointee.line.count > 0 ? thread : 0
        return records
    }

    /// Removes all lines and returns them as records.
    mutating func takeAll(script: UnsafeRawBufferPointer?) -> ByteBuffer {
        var records = ByteBuffer(capacity: 64)
        var next = unsafe first
        while let entry = unsafe next {
            unsafe next = entry.pointee.next
            if unsafe entry.pointee.line.count > 0 {
                unsafe ErrorLine.collect(&entry.pointee.line, into: &records, script)
            }
            unsafe entry.pointee.thread = 0
        }
        return records
    }

    private func find(_ thread: UInt) -> UnsafeMutablePointer<Entry>? {
        var next = unsafe first
        while let entry = unsafe next {
            if unsafe entry.pointee.thread == thread { return unsafe entry }
            unsafe next = entry.pointee.next
        }
        return nil
    }

    private mutating func make() -> UnsafeMutablePointer<Entry> {
        let made = UnsafeMutablePointer<Entry>.allocate(capacity: 1)
        unsafe made.initialize(to: Entry(next: first))
        unsafe first = unsafe made
        count += 1
        return unsafe made
    }
}
