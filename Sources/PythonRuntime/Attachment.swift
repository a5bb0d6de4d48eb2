internal import CPython

/// Attaching a thread to an interpreter and detaching it: acquiring and releasing the GIL.
public enum Attachment {
    /// Runs `body` without the GIL. Needs the GIL; `body` must not touch Python.
    public static func detached<Result>(_ body: () -> Result) -> Result {
        let state = unsafe PyEval_SaveThread()
        defer { unsafe attach(state) }
        return body()
    }

    /// Acquires the GIL with a thread state.
    @inline(__always)
    public static func attach(_ state: OpaquePointer?) {
        if wsgi_measures_waits() { unsafe wsgi_restore_measured(state) } else { unsafe PyEval_RestoreThread(state) }
    }

    // MARK: - Waits for the GIL

    /// Measures from now on how long each thread waits in `attach`.
    public static func measureWaits() { wsgi_measure_waits() }

    /// Begins to count the waits of the calling thread.
    @inline(__always)
    public static func resetWaits() { if wsgi_measures_waits() { wsgi_reset_waits() } }

    /// How long the calling thread has waited since `resetWaits`, in nanoseconds, and how often it has acquired a GIL.
    public static var waits: (nanoseconds: UInt64, count: Int) {
        var count: UInt32 = 0
        let time = unsafe wsgi_waits(&count)
        return (time, Int(count))
    }
}
