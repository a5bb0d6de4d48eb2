public import CSharedMemory
internal import Glibc

/// The requests that run in embedded mode, in memory that httpd's parent and its children share.
///
/// The layout and its rules are in `wsgi_embedded.h`.
@safe public struct EmbeddedRequests: @unchecked Sendable {
    private let embedded: UnsafeMutablePointer<wsgi_embedded>

    /// Maximum number of requests that are shown.
    public static let most = Int(WSGI_EMBEDDED_PLACES)

    /// Creates the memory. Called by the parent. Its children inherit it.
    public init() throws(SystemError) {
        let size = MemoryLayout<wsgi_embedded>.size
        guard let made = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0),
            unsafe made != MAP_FAILED
        else { throw SystemError("mmap", errno) }
        unsafe embedded = made.bindMemory(to: wsgi_embedded.self, capacity: 1)
    }

    /// Takes the record of a thread of this child. `nil` if there are too many.
    public func take() -> UnsafeMutablePointer<wsgi_thread_record>? {
        unsafe wsgi_embedded_take(embedded, UInt32(bitPattern: getpid()))
    }

    /// Called by the parent after the end of a child.
    public func childEnded(_ process: Int32) { unsafe wsgi_embedded_free(embedded, UInt32(bitPattern: process)) }

    /// The running requests, each with its process.
    public var running: [(process: Int32, request: RunningRequest)] {
        (0..<UInt32(WSGI_EMBEDDED_PLACES)).compactMap { index in
            var process: UInt32 = 0
            guard let record = unsafe wsgi_embedded_record(embedded, index, &process),
                let request = unsafe RunningRequest(record, thread: Int(index))
            else { return nil }
            return (Int32(bitPattern: process), request)
        }
    }
}
