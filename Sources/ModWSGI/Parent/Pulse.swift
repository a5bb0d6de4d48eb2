internal import ProcessKit

/// Detects whether a process that increments a counter still runs.
struct Pulse {
    private var beats: UInt64?
    private var since = MonotonicTime.now
    private var looks = 0

    /// Stores the present count. True if it has been the same for so many seconds and so many calls. The calls are
    /// counted because a suspended machine makes the time long, but not the calls many.
    mutating func isSilent(beats: UInt64, looks: Int, for seconds: Int) -> Bool {
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
