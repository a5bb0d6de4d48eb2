internal import CSystem

/// The use of resources by a process, as in `/proc`. What is not known is 0.
public struct ProcessUsage: Sendable {
    /// Resident memory in bytes.
    public let memory: UInt64
    /// CPU time in microseconds.
    public let cpu: UInt64
    /// Open descriptors.
    public let descriptors: UInt32
    /// Those of them that are sockets.
    public let sockets: UInt32

    /// Reads it. The process may have ended, if it has not been reaped.
    ///
    /// - Parameter countsFiles: Whether its descriptors are counted.
    public init(_ id: Int32, countsFiles: Bool = true) {
        var usage = wsgi_process_usage()
        unsafe wsgi_read_usage(id, countsFiles, &usage)
        (memory, cpu) = (usage.memory, usage.cpu)
        (descriptors, sockets) = (usage.descriptors, usage.sockets)
    }
}
