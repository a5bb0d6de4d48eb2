/// How much one request may write to the error log: so much at once, and then so much in each second.
///
/// A request that goes on for days may log for days; a worker that sends lines without end does not fill the disk by way
/// of httpd.
public struct LogAllowance: Sendable {
    /// The most bytes at once.
    public static let atOnce = 16 << 20
    /// How many bytes come on top in each second.
    public static let perSecond = 1 << 20

    /// Bytes that have been left out.
    public private(set) var omitted = 0
    private var left = LogAllowance.atOnce
    /// When it was last looked at, in milliseconds of any clock that does not go back; `nil`: never.
    private var time: Int64?

    /// Everything may still be written.
    public init() {}

    /// Whether a line of so many bytes may be written now; otherwise it counts as left out.
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
