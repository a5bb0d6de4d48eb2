/// The value of `WSGITelemetryService`: the destination of samples.
public struct TelemetryService: Equatable, Sendable {
    /// The path of the datagram socket.
    public let socket: String
    /// The interval between samples in seconds.
    public let interval: Double
}

/// The value of `WSGITelemetryOptions`.
public struct TelemetryOptions: OptionSet, Equatable, Sendable {
    /// The bits.
    public let rawValue: UInt8

    /// A set of these bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Whether records of slow requests contain the client's `User-Agent`.
    public static let captureUserAgent = TelemetryOptions(rawValue: 1 << 0)
}
