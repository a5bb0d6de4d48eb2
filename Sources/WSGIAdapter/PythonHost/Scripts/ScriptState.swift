internal import CPython
internal import PythonRuntime

/// A script file in one interpreter. Lives as long as the interpreter.
@safe struct ScriptState {
    let path: UnsafeRawBufferPointer
    /// Held while the file is loaded. Never waited for with the GIL.
    let lock: PyThread_type_lock
    /// The loaded module and its namespace; `nil`: not loaded, or the last load failed.
    var module: PyPointer?
    var namespace: PyPointer?
    /// The modification time of the file that was last read, in microseconds since 1970; 0: none was read.
    var attempted: Int64 = 0
    /// Whether the last load ended with SystemExit.
    var hasExited = false
    /// Whether `reload_required` of the script has requested a new daemon process.
    var wantsReload = false
    /// The last change for which a successor was requested that no request waits for, and the time: see
    /// `Script.mayAsk`.
    var asked: Int64 = -1
    var askedAt: Int64 = 0
    /// The callables used so far, as interned str: usually one.
    var names: UnsafeMutablePointer<CallableName>?
    var next: UnsafeMutablePointer<ScriptState>?
}

/// A callable's name, as bytes and as str.
@safe struct CallableName {
    let bytes: UnsafeRawBufferPointer
    let text: PyPointer
    let next: UnsafeMutablePointer<CallableName>?
}
