internal import CPython

/// Attaching a thread to an interpreter and detaching it: acquiring and releasing the GIL.
public enum Attachment {
    /// Runs `body` without the GIL. Needs the GIL; `body` must not touch Python.
    public static func detached<Result>(_ body: () -> Result) -> Result {
        let state = unsafe PyEval_SaveThread()
        defer { unsafe PyEval_RestoreThread(state) }
        return body()
    }
}
