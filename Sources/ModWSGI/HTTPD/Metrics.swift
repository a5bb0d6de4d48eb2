internal import CHTTPD
internal import ProcessKit
internal import WSGICore

/// The counters of requests and of log messages, which `wsgi-metrics` shows.
enum Metrics {
    /// The shared counters; `nil`: there was no memory for them. Written by the parent, and by a child before it serves.
    @safe nonisolated(unsafe) static var current: RequestMetrics?

    /// The requests that run in embedded mode. `nil` if there was no memory for them.
    @safe nonisolated(unsafe) static var embedded: EmbeddedRequests?

    /// Counts a log message.
    static func count(_ id: LogID) { current?.count(id: id.rawValue) }

    /// Counts a message of the engine or of a daemon process, if it begins with an id.
    static func countID(of message: UnsafeRawBufferPointer) {
        if let id = unsafe LogID(of: message) { count(id) }
    }
}
