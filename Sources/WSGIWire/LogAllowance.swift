/// Limits how much one request may write to the error log: a burst, and then an amount per second.
///
/// A request that runs for days may log for days, but a worker that sends endless lines cannot fill the disk through
/// httpd.
public struct LogAllowance: Sendable {
    /// The burst in bytes.
    public static let atOnce = 16 << 20
    /// Additional bytes per second.
    public static let perSecond = 1 << 20

    /// Number of bytes that have been omitted.
    public private(set) var omitted = 0
    private var left = LogAllowance.atOnce
    /// Time of the last check, in milliseconds of any clock that does not go back; `nil`: never.
    private var time: Int64?

    /// The full burst.
    public init() {}

    /// Whether a line of this length may be written now. Otherwise it counts as omitted.
    ///
    /// - Parameter milliseconds: The time of a clock that does not go back.
    public mutating func take(_ count: Int, at milliseconds: Int64) -> Bool {
        let last = time ?? milliseconds
        let passed = milliseconds > last ? min(milliseconds &- last, 1_000_000) : 0
        time = max(milliseconds, last)
        left = min(left &+ Int(passed) &* Self.perSecond / 1000, Self.atOnce)
        guard count <= left else {
            omitted = omitted &+ count
            return false
        }
        left = left &- count
        return true
    }
}
