internal import CEngineABI
internal import CPython
internal import CSystem
internal import PythonRuntime
internal import WSGICore

/// One script of a `ScriptTable`. Needs the GIL.
@safe struct Script {
    let state: UnsafeMutablePointer<ScriptState>
    let modifiedKey: PyPointer
    let reloadKey: PyPointer

    /// The path, for messages.
    var path: String { unsafe Text.string(state.pointee.path) }

    /// Whether the script's code is in memory.
    var isLoaded: Bool { unsafe state.pointee.module != nil }

    /// The file's current modification time if it differs from that of the loaded code; 0: there is no file; `nil`: no
    /// change.
    ///
    /// A request in transit during a change carries the file's former time, although the loaded code may already be the
    /// newest. So if the request's time differs, the file itself is checked.
    func change(for modified: Int64) -> Int64? {
        guard differs(from: modified) else { return nil }
        let now = unsafe path.withCString { unsafe wsgi_file_modified($0) }
        return now < 0 || differs(from: now) ? max(now, 0) : nil
    }

    /// Whether the modification time of the loaded code differs from `modified`, or is no longer known.
    func differs(from modified: Int64) -> Bool {
        guard let namespace = unsafe state.pointee.namespace,
            let value = unsafe Object(PyDict_GetItemWithError(namespace, modifiedKey)), value.isInteger
        else {
            PyErr_Clear()
            return true
        }
        let loaded = unsafe PyLong_AsLongLong(value.pointer)
        if loaded == -1 { PyErr_Clear() }
        return loaded != modified
    }

    /// The script's object with this name; `nil` without an exception: there is none.
    func callable(_ name: PyPointer) -> Reference? {
        guard let namespace = unsafe state.pointee.namespace else { return nil }
        return unsafe Object(PyDict_GetItemWithError(namespace, name))?.retained
    }

    /// Whether the script has a `reload_required`.
    var canAskForReload: Bool {
        guard let namespace = unsafe state.pointee.namespace else { return false }
        if unsafe PyDict_GetItemWithError(namespace, reloadKey) != nil { return true }
        PyErr_Clear()
        return false
    }

    /// Returns the result of the script's `reload_required(resource)`. An exception is logged and counts as false.
    func asksForReload(_ resource: UnsafeRawBufferPointer, in interpreter: Interpreter, target: LogTarget) -> Bool {
        guard let function = unsafe callable(reloadKey) else { return false }
        if let path = unsafe Python.text(path: resource), let answer = function.object.call(path.object) {
            let isTrue = unsafe PyObject_IsTrue(answer.object.pointer)
            if isTrue >= 0 { return isTrue == 1 }
        }
        ExceptionReport.log(
            .applicationRaised,
            "Exception in reload_required() of the WSGI script '\(path)' "
                + "\(interpreter.label).", to: target)
        return false
    }

    /// Whether this callable has been used before.
    func knows(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var candidate = unsafe state.pointee.names
        while let known = unsafe candidate {
            if unsafe Text.equal(known.pointee.bytes, bytes) { return true }
            unsafe candidate = unsafe known.pointee.next
        }
        return false
    }

    /// A callable's name as interned str, borrowed from the script.
    func name(_ bytes: UnsafeRawBufferPointer) -> PyPointer? {
        var candidate = unsafe state.pointee.names
        while let known = unsafe candidate {
            if unsafe Text.equal(known.pointee.bytes, bytes) { return unsafe known.pointee.text }
            unsafe candidate = unsafe known.pointee.next
        }
        guard let text = unsafe Python.text(Text.string(bytes)) else { return nil }
        var pointer: PyPointer? = unsafe text.take()
        unsafe PyUnicode_InternInPlace(&pointer)
        guard let interned = unsafe pointer else { return nil }
        let entry = UnsafeMutablePointer<CallableName>.allocate(capacity: 1)
        unsafe entry.initialize(
            to: CallableName(bytes: Text.immortal(bytes), text: interned, next: state.pointee.names))
        unsafe state.pointee.names = unsafe entry
        return unsafe interned
    }

    /// Loads the script unless another thread has done so meanwhile. Releases the GIL while waiting.
    ///
    /// - Parameter stale: The module to be replaced; `nil`: any loaded module is current.
    /// - Returns: Whether it is loaded. If not, the reason is logged.
    ///   `factory`: loading is complete when the application's factory has been called, as well.
    func load(ifNot stale: PyPointer?, in interpreter: Interpreter, target: LogTarget, factory: Bool = false) -> Bool {
        Attachment.detached { unsafe _ = PyThread_acquire_lock(state.pointee.lock, 1) }
        defer { unsafe PyThread_release_lock(state.pointee.lock) }
        if unsafe isLoaded && state.pointee.module != stale { return true }
        let verb = isLoaded ? "Reloading" : "Loading"
        unload()
        LoadingTime.begin()
        let watched = ScriptLoad.begin(path, in: interpreter)
        defer { watched?.end() }
        let began = wsgi_monotonic_nanoseconds()
        guard load(in: interpreter, target) else { return false }
        if !factory { LoadingTime.end() }
        let milliseconds = (wsgi_monotonic_nanoseconds() - began) / 1_000_000
        let text = "\(verb) WSGI script '\(path)' took \(milliseconds) ms \(interpreter.label)."
        Attachment.detached { LogTarget.process.write(WSGI_LOG_INFO, text) }
        return true
    }

    private func unload() {
        let (module, namespace) = unsafe (state.pointee.module, state.pointee.namespace)
        unsafe (state.pointee.module, state.pointee.namespace) = (nil, nil)
        // Destructors may run here; they see the script as not loaded.
        unsafe Py_DecRef(namespace)
        unsafe Py_DecRef(module)
    }

    private static let rightsAdvice =
        "The user of this process cannot read it: chgrp it to a group of that user and chmod g+r it, or chmod o+r it "
        + "for all users; its directories need g+x or o+x. 'apachectl configtest' names the path component that denies "
        + "access."

    private func load(in interpreter: Interpreter, _ target: LogTarget) -> Bool {
        let label = "'\(path)' \(interpreter.label)"
        let scripts = unsafe interpreter.scripts
        unsafe (state.pointee.attempted, state.pointee.hasExited) = (0, false)
        guard let pathText = unsafe Python.text(path: state.pointee.path),
            let file = unsafe Object(scripts.pointee.readScript).call(pathText.object),
            let source = file.object.item(0), let modified = file.object.item(1), let module = file.object.item(2)
        else {
            if wasEnded() { return false }
            let advice = PythonError.matches(WSGI_PERMISSION_ERROR) ? " \(Script.rightsAdvice)" : ""
            ExceptionReport.log(
                .scriptUnreadable, "Could not read or compile WSGI script \(label).\(advice)", to: target)
            return false
        }
        unsafe state.pointee.attempted = PyLong_AsLongLong(modified.pointer)
        guard let mode = Python.text("exec"),
            let code = unsafe Object(scripts.pointee.compile).call(source, pathText.object, mode.object)
        else {
            if wasEnded() { return false }
            ExceptionReport.log(.scriptRaised, "Could not read or compile WSGI script \(label).", to: target)
            return false
        }
        guard let name = module.attribute("__name__"), let namespace = unsafe Object(PyModule_GetDict(module.pointer)),
            let builtins = Python.module("builtins"), let modules = unsafe PyImport_GetModuleDict(),
            unsafe PyDict_SetItemString(namespace.pointer, "__builtins__", builtins.object.pointer) == 0,
            unsafe PyDict_SetItem(modules, name.object.pointer, module.pointer) == 0
        else {
            ExceptionReport.log(.scriptRaised, "Cannot make a module of the WSGI script \(label).", to: target)
            return false
        }
        guard unsafe Reference(PyEval_EvalCode(code.object.pointer, namespace.pointer, namespace.pointer)) != nil else {
            if wasEnded() { return false }
            let exits = PythonError.matches(WSGI_SYSTEM_EXIT)
            if let exception = PythonError.take() {
                if unsafe PyDict_DelItem(modules, name.object.pointer) != 0 { PyErr_Clear() }
                ExceptionReport.log(
                    exception.object, exits ? .scriptExited : .scriptRaised,
                    exits
                        ? "SystemExit exception raised when doing exec of Python script file \(label)."
                        : "Unable to execute Python script file \(label).\(Self.packageAdvice(exception.object))",
                    in: interpreter.text, to: target)
            }
            return false
        }
        unsafe (state.pointee.namespace, state.pointee.module) = (namespace.retained.take(), module.retained.take())
        return true
    }

    /// Advice about a module that was not found: in most cases the script runs in the wrong Python.
    static func packageAdvice(_ exception: Object) -> String {
        guard exception.typeName == "ModuleNotFoundError", let sys = Python.module("sys"),
            let version = sys.object.attribute("version"), let prefix = sys.object.attribute("prefix")
        else { return "" }
        let number = version.object.text.prefix { $0 != " " }
        return
            " Python \(number) in '\(prefix.object.text)' ran it: python-home= of WSGIDaemonProcess, or WSGIPythonHome in "
            + "embedded mode, names the virtual environment that has its packages."
    }

    /// Whether SystemExit ended the script in a process without requests: the script has finished, or a signal has
    /// ended it. The exception is then cleared.
    private func wasEnded() -> Bool {
        guard unsafe ProcessState.current?.pointee.isService == true, PythonError.matches(WSGI_SYSTEM_EXIT) else {
            return false
        }
        PyErr_Clear()
        unsafe state.pointee.hasExited = true
        return true
    }

    /// The message for a script without the requested callable.
    func missingCallable(_ name: UnsafeRawBufferPointer, in interpreter: Interpreter) -> String {
        var others = ""
        if let module = unsafe Object(state.pointee.module),
            let found = unsafe Object(interpreter.scripts.pointee.callables).call(module)
        {
            others = found.object.text
        }
        PyErr_Clear()
        let hint = others.isEmpty ? "" : " It defines: \(others)."
        let wanted = unsafe Text.string(name)
        let what = wanted.hasSuffix("()") ? "the factory '\(wanted.dropLast(2))'" : "WSGI application '\(wanted)'"
        return "Target WSGI script '\(path)' does not contain \(what) "
            + "\(interpreter.label).\(hint)"
    }
}

extension Script {
    /// Calls `body` in the script's interpreter; `nil`: it could not be created, which is logged.
    static func with<Result>(
        _ spec: ScriptSpec, _ thread: ThreadContext, _ target: LogTarget, _ body: (Script, Interpreter) -> Result
    ) -> Result? {
        var group = spec.applicationGroup
        let attached = group.withUTF8 { unsafe thread.attach(UnsafeRawBufferPointer($0)) }
        guard let attachment = unsafe attached else {
            target.write(
                WSGI_LOG_ERR, .interpreterFailed,
                "Cannot create the interpreter of application group '\(spec.applicationGroup)'.")
            return nil
        }
        defer { unsafe PyEval_SaveThread() }
        var path = spec.path
        return path.withUTF8 { path in
            let interpreter = unsafe attachment.pointee.interpreter
            return unsafe body(interpreter.scripts.pointee.table.entry(UnsafeRawBufferPointer(path)), interpreter)
        }
    }
}
