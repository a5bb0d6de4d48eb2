/// Whether a process that counts is alive: its count changes.
public struct Pulse {
    private var beats: UInt64?
    private var since = MonotonicTime.now
    private var looks = 0

    /// Nothing has been seen yet.
    public init() {}

    /// Takes in the present count. True: it has been the same for so many seconds and looks; a machine that was suspended
    /// makes the time long, but not the looks many.
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
