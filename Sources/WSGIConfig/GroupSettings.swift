/// What the options of a `WSGIDaemonProcess` mean for httpd's children. Times are seconds, sizes bytes.
public struct GroupSettings: Sendable {
    /// How long a connect may take, and a request may wait for the first worker.
    public let connectTimeout: Int
    /// How long one read or write may take.
    public let socketTimeout: Int
    /// How long requests of a worker may go on when it is replaced, with all that it is given to end.
    public let drainTimeout: Int
    /// How long a request may wait for a thread; 0: as long as for a connection.
    public let queueTimeout: Int
    /// Requests that may wait while all threads are busy.
    public let backlog: Int
    /// The largest header of a response.
    public let longestHeader: Int
    /// How much of a response waits in httpd for a slow client.
    public let largestBacklog: Int
    /// How long one write to the client may take; 0: as httpd's `Timeout` says.
    public let clientTimeout: Int
    /// The directory that is the workers' root, without a slash at its end; empty: they have the machine's.
    public let root: ConfigText
    /// How much workers may send, and receive, ahead of the other side; 0: the system's default.
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
