/// The options of a `WSGIDaemonProcess` that httpd's children need. Times are in seconds, sizes in bytes.
public struct GroupSettings: Sendable {
    /// Time that a connect may take, and that a request may wait for the first worker.
    public let connectTimeout: Int
    /// Time that one read or write may take.
    public let socketTimeout: Int
    /// Time for the requests of a worker to end when it is replaced, including the time for its own end.
    public let drainTimeout: Int
    /// Time that a request may wait for a thread; 0: as long as for a connection.
    public let queueTimeout: Int
    /// Number of requests that may wait while all threads are busy.
    public let backlog: Int
    /// The maximum size of a response header.
    public let longestHeader: Int
    /// The part of a response that may wait in httpd for a slow client.
    public let largestBacklog: Int
    /// Time that one write to the client may take; 0: httpd's `Timeout`.
    public let clientTimeout: Int
    /// The root directory of the workers, without a trailing slash; empty: the system's root.
    public let root: ConfigText
    /// Send and receive buffers of the workers' sockets; 0: the system's default.
    public let buffers: (send: Int, receive: Int)

    /// The settings of a group.
    ///
    /// - Parameter timeout: httpd's `Timeout`.
    public init(_ options: DaemonOptions, timeout: Int) {
        connectTimeout = options.connectTimeout
        socketTimeout = options.socketTimeout > 0 ? options.socketTimeout : timeout
        drainTimeout = max(options.gracefulTimeout, options.evictionTimeout) + options.shutdownTimeout
        queueTimeout = options.queueTimeout
        backlog = options.listenBacklog
        longestHeader = options.headerBufferSize > 0 ? options.headerBufferSize : 32768
        largestBacklog = options.responseBufferSize > 0 ? options.responseBufferSize : 8 << 20
        clientTimeout = options.responseSocketTimeout > 0 ? options.responseSocketTimeout : options.socketTimeout
        root = ConfigText(options.root)
        buffers = (options.sendBufferSize, options.receiveBufferSize)
    }
}
