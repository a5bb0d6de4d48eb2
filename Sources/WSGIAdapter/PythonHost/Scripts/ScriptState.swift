internal import CPython
internal import PythonRuntime

/// A script file in one interpreter. Lives as long as the interpreter.
@safe struct ScriptState {
    let path: UnsafeRawBufferPointer
    /// Held while the file is loaded, and by nobody who has the GIL and waits for it.
    let lock: PyThread_type_lock
    /// The loaded module and its namespace; `nil`: not loaded, or the last attempt failed.
    var module: PyPointer?
    var namespace: PyPointer?
    /// The time of the file that was last read, in microseconds since 1970; 0: none was.
    var attempted: Int64 = 0
    /// The last attempt to load it has ended with SystemExit.
    var hasExited = false
    /// A daemon process is to be replaced because the script's `reload_required` said so.
    var wantsReload = false
    /// What a successor was last asked for without a request that waits, and when: see `Script.mayAsk`.
    var asked: Int64 = -1
    var askedAt: Int64 = 0
    /// Names that were asked for, as interned str: usually one.
    var names: UnsafeMutablePointer<CallableName>?
    var next: UnsafeMutablePointer<ScriptState>?
}

/// A callable's name, as bytes and as str.
@safe struct CallableName {
    let bytes: UnsafeRawBufferPointer
    let text: PyPointer
    let next: UnsafeMutablePointer<CallableName>?
}
