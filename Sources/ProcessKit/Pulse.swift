/// Detects whether a process is alive: a count that it increments must change.
public struct Pulse {
    private var beats: UInt64?
    private var since = Instant.now
    private var looks = 0

    /// A pulse without observations.
    public init() {}

    /// Records the present count, and returns whether it has been the same for this number of seconds and of looks.
    ///
    /// After a suspension of the machine the time is long, but the number of looks is small.
    public mutating func isSilent(beats: UInt64, looks: Int, for seconds: Int) -> Bool {
        guard self.beats == beats else {
            self.beats = beats
            since = .now
            self.looks = 0
            return false
        }
        self.looks += 1
        return self.looks >= looks && since.adding(seconds: seconds).millisecondsLeft <= 0
    }
}
