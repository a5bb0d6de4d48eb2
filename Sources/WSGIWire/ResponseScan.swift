/// Follows the frames of a worker's response without consuming them, to detect when it is complete.
@safe public struct ResponseScan {
    /// The state of the response.
    public enum State: Equatable, Sendable {
        /// The response continues.
        case more
        /// The last frame has arrived, and the worker's thread is free.
        case ended
        /// The worker waits for a piece of the request body.
        case waits
        /// The last frame has arrived, but the worker's thread still runs the application.
        case lost
        /// It is not a response.
        case malformed
    }

    /// The state so far. Once it is not `more`, it no longer changes.
    public private(set) var state = State.more
    /// Bytes of the current payload that have not arrived yet.
    private var payload: Int
    private var isLast = false
    private var isThreadLost = false
    private var header: (UInt64, count: Int) = (0, 0)

    /// Begins within a payload of which `payload` bytes have not arrived yet.
    public init(within payload: Int) { self.payload = payload }

    /// Processes the next bytes.
    public mutating func feed(_ bytes: UnsafeRawBufferPointer) {
        var rest = unsafe bytes[...]
        while state == .more, unsafe !rest.isEmpty {
            if payload > 0 {
                let count = unsafe min(payload, rest.count)
                payload = payload &- count
                unsafe rest = rest.dropFirst(count)
                if payload == 0 { complete() }
                continue
            }
            let count = unsafe min(Frame.headerSize &- header.count, rest.count)
            unsafe withUnsafeMutableBytes(of: &header.0) { room in
                let target = unsafe UnsafeMutableRawBufferPointer(rebasing: room[header.count...])
                unsafe target.copyBytes(from: rest.prefix(count))
            }
            header.count = header.count &+ count
            unsafe rest = rest.dropFirst(count)
            if header.count == Frame.headerSize { takeHeader() }
        }
    }

    private mutating func takeHeader() {
        header.count = 0
        let found = unsafe withUnsafeBytes(of: header.0) { bytes in unsafe try? Frame.header(bytes) }
        guard let found else {
            state = .malformed
            return
        }
        switch found.kind {
        case .go: state = .waits
        case .end, .error, .cut, .reload:
            isLast = true
            isThreadLost = found.kind == .error && found.flags & Frame.threadLost != 0
        case .head, .hints, .data, .file, .log: break
        case .request, .body, .bodyEnd, .abort: state = .malformed
        }
        payload = found.length
        if payload == 0 { complete() }
    }

    private mutating func complete() {
        if isLast { state = isThreadLost ? .lost : .ended }
    }
}
