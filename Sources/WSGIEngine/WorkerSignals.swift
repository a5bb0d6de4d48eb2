internal import CPython
internal import ProcessKit
internal import PythonRuntime

/// The application's signal handlers in Python. They run on the main thread, as in any program.
///
/// Python's own handler only records a signal and writes a byte. The byte wakes the main thread, which waits outside
/// Python and then lets Python run the handlers.
@safe struct WorkerSignals: ~Copyable {
    private let reading: PacketSocket
    private let writing: Descriptor
    /// The main thread's state while the thread is outside Python.
    private var state: OpaquePointer?

    /// The descriptor that becomes readable when a handler is due.
    var raw: Int32 { reading.raw }

    /// Makes Python write to a descriptor of the worker. Needs the GIL.
    init() throws(SystemError) {
        let pair = try PacketSocket.pair()
        let writing = try pair.theirs.duplicate()
        try Descriptor.setBlocking(writing.raw, false)
        reading = pair.keepOurs()
        if let module = Python.module("_signal"), let number = Python.integer(Int64(writing.raw)) {
            _ = unsafe Reference(
                wsgi_call_method1(module.object.pointer, "set_wakeup_fd", number.object.pointer))
        }
        Self.releaseForkedProcesses()
        if PythonError.occurred { PyErr_Clear() }
        CurrentProcess.guardFromForks(writing.raw, true)
        self.writing = writing
    }

    /// Makes forked processes stop using the descriptor, which is closed in them.
    private static func releaseForkedProcesses() {
        guard let signal = Python.module("_signal"), let forget = signal.object.attribute("set_wakeup_fd"),
            let functools = Python.module("functools"), let partial = functools.object.attribute("partial"),
            let none = Python.integer(-1), let callback = partial.object.call(forget.object, none.object),
            let posix = Python.module("posix"), let register = posix.object.attribute("register_at_fork"),
            let arguments = unsafe Reference(PyTuple_New(0)), let named = unsafe Reference(PyDict_New()),
            unsafe PyDict_SetItemString(named.object.pointer, "after_in_child", callback.object.pointer) == 0
        else { return }
        _ = unsafe Reference(
            PyObject_Call(register.object.pointer, arguments.object.pointer, named.object.pointer))
    }

    /// Leaves Python, so that other threads can run it.
    mutating func leavePython() { unsafe state = PyEval_SaveThread() }

    /// Enters Python again.
    mutating func enterPython() {
        unsafe PyEval_RestoreThread(state)
        unsafe state = nil
    }

    /// Runs the handlers that are due. False: one of them has requested the end of the process.
    mutating func runHandlers() -> Bool {
        while let packet = try? reading.receive(wait: false), !packet.bytes.isEmpty {}
        enterPython()
        defer { unsafe state = unsafe PyEval_SaveThread() }
        guard PyErr_CheckSignals() != 0 else { return true }
        if PythonError.matches(WSGI_SYSTEM_EXIT) {
            PyErr_Clear()
            return false
        }
        PyErr_Print()
        return true
    }
}
