internal import CEngineABI
internal import CPython
internal import CSystem
internal import PythonRuntime
internal import WSGICore

/// A function of a script that returns the application: `name()` in `WSGICallableObject` and `callable-object=`.
///
/// It is called once for each load of the script. The application is kept in the script's namespace under the whole text,
/// with `()`, so that later requests find it like any other, and it is released together with the code. All members need
/// the GIL.
@safe struct Factory {
    private let script: Script
    private let bytes: UnsafeRawBufferPointer

    /// The factory that a callable's name stands for; `nil`: it is the name of the application.
    init?(_ bytes: UnsafeRawBufferPointer, of script: Script) {
        guard unsafe Factory.isNamed(by: bytes) else { return nil }
        self.script = script
        unsafe self.bytes = bytes
    }

    /// Whether a callable's name stands for a factory.
    static func isNamed(by bytes: UnsafeRawBufferPointer) -> Bool {
        unsafe bytes.count > 2 && bytes[bytes.count - 2] == UInt8(ascii: "(")
            && bytes[bytes.count - 1] == UInt8(ascii: ")")
    }

    private var name: String { unsafe Text.string(UnsafeRawBufferPointer(rebasing: bytes.dropLast(2))) }

    /// For messages.
    func title(in interpreter: Interpreter) -> String {
        "The factory '\(name)' of the WSGI script '\(script.path)' \(interpreter.label)"
    }

    /// Whether the script defines the factory.
    var isDefined: Bool {
        guard let namespace = unsafe script.state.pointee.namespace else { return false }
        return unsafe function(in: Object(namespace)) != nil
    }

    private func function(in namespace: Object) -> Reference? {
        defer { if PythonError.occurred { PyErr_Clear() } }
        guard let text = Python.text(name) else { return nil }
        return unsafe Object(PyDict_GetItemWithError(namespace.pointer, text.object.pointer))?.retained
    }

    /// Calls the factory unless another thread has done so meanwhile. Releases the GIL while waiting.
    ///
    /// - Returns: The application; `nil` if there is no such factory, or if it failed, which is logged.
    func application(in interpreter: Interpreter, target: LogTarget) -> Reference? {
        Attachment.detached { unsafe _ = PyThread_acquire_lock(script.state.pointee.lock, 1) }
        defer { unsafe PyThread_release_lock(script.state.pointee.lock) }
        guard let key = unsafe script.name(bytes), let namespace = unsafe Object(script.state.pointee.namespace) else {
            return nil
        }
        if let made = unsafe script.callable(key) { return made }
        guard let function = function(in: namespace) else { return nil }
        let began = wsgi_monotonic_nanoseconds()
        let watched = ScriptLoad.begin(script.path, in: interpreter)
        defer { watched?.end() }
        guard let application = function.object.call() else {
            logRaised(in: interpreter, target)
            return nil
        }
        guard unsafe PyCallable_Check(application.object.pointer) != 0 else {
            let text =
                "\(title(in: interpreter)) returned an object of type '\(application.object.typeName)', which is not "
                + "callable: it must return the WSGI application."
            Attachment.detached { target.write(WSGI_LOG_ERR, .factoryFailed, text) }
            return nil
        }
        guard unsafe PyDict_SetItem(namespace.pointer, key, application.object.pointer) == 0 else {
            logRaised(in: interpreter, target)
            return nil
        }
        LoadingTime.end()
        let milliseconds = (wsgi_monotonic_nanoseconds() - began) / 1_000_000
        let text =
            "Calling the factory '\(name)' of WSGI script '\(script.path)' took \(milliseconds) ms \(interpreter.label)."
        Attachment.detached { LogTarget.process.write(WSGI_LOG_INFO, text) }
        return application
    }

    private func logRaised(in interpreter: Interpreter, _ target: LogTarget) {
        guard let exception = PythonError.take() else { return }
        ExceptionReport.log(
            exception.object, .factoryFailed,
            "\(title(in: interpreter)) raised an exception.\(Script.packageAdvice(exception.object))",
            in: interpreter.text, to: target)
    }
}

extension Script {
    /// Whether the script has its application, or its factory has made it.
    func has(_ name: UnsafeRawBufferPointer) -> Bool {
        defer { if PythonError.occurred { PyErr_Clear() } }
        guard let text = unsafe self.name(name) else { return false }
        return unsafe callable(text) != nil
    }

    /// The error if the script no longer has its application; `nil`: it has, or none is named. A factory is called.
    func missing(_ name: String, in interpreter: Interpreter, target: LogTarget) -> String? {
        guard !name.isEmpty else { return nil }
        var name = name
        return name.withUTF8 { name in
            let bytes = UnsafeRawBufferPointer(name)
            if unsafe has(bytes) { return nil }
            guard let factory = unsafe Factory(bytes, of: self), factory.isDefined else {
                return unsafe missingCallable(bytes, in: interpreter)
            }
            if let made = factory.application(in: interpreter, target: target) {
                _ = consume made
                return nil
            }
            return "\(factory.title(in: interpreter)) did not return an application."
        }
    }
}
