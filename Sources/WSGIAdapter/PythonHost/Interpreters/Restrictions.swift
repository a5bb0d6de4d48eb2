internal import CPython
internal import CSystem
internal import PythonRuntime
internal import WSGICore

/// What applications are kept from: the standard streams, which are httpd's, and signal handlers, which are the
/// process's.
enum Restrictions {
    /// Applies them to the interpreter that is attached; false: it has raised.
    ///
    /// - Parameter keepsTerminal: `sys.stdin` stays what it is in any case.
    static func apply(_ spec: InterpreterSpec, keepsTerminal: Bool) -> Bool {
        let stdin = spec.restrictsStdin && !keepsTerminal
        let stdout = spec.restrictsStdout && !keepsTerminal
        guard stdin || stdout || spec.restrictsSignal else { return true }
        guard let globals = PythonPart.evaluate(source) else { return false }
        if stdin, !call("restrict_stream", globals, Python.text("stdin"), Python.text("WSGIRestrictStdin")) {
            return false
        }
        if stdout, !call("restrict_stream", globals, Python.text("stdout"), Python.text("WSGIRestrictStdout")) {
            return false
        }
        guard spec.restrictsSignal else { return true }
        let log = unsafe Reference(PyCFunction_NewEx(logMethod.pointer, nil, nil))
        return call("restrict_signal", globals, log, Object.none.retained)
    }

    private static func call(
        _ name: StaticString, _ globals: borrowing Reference, _ one: consuming Reference?, _ two: consuming Reference?
    ) -> Bool {
        guard let one, let two, let function = unsafe Object(PyDict_GetItemString(globals.object.pointer, name.cString))
        else { return false }
        return function.call(one.object, two.object) != nil
    }

    // MARK: - A function that writes to the error log

    @safe private struct Definition: @unchecked Sendable {
        let pointer: UnsafeMutablePointer<PyMethodDef>
    }

    private static let logMethod = unsafe Definition(
        pointer: Method.table([Method("log") { unsafe Restrictions.log($0, $1, $2) }]))

    /// `log(text)`: a record at the level `info` for each line, with the context of the request that runs on the thread.
    private static func log(
        _ module: PyPointer?, _ arguments: UnsafePointer<PyPointer?>?, _ count: Int
    ) -> PyPointer? {
        guard count == 1, let text = unsafe Object(arguments?[0]), text.isText else {
            return unsafe PythonError.raise(WSGI_TYPE_ERROR, "log() takes a str")
        }
        let lines = text.text.split(separator: "\n").map(String.init)
        let target = ThreadContext.runningCall?.log ?? .process
        Attachment.detached { for line in lines { target.write(WSGI_LOG_INFO, line) } }
        return unsafe Object.none.retained.take()
    }

    private static let source: StaticString = #"""
        import os
        import sys


        def restrict_stream(name, directive):
            """Puts an object that raises in the place of a stream."""

            def refuse(*arguments):
                raise OSError(f'sys.{name} access restricted by mod_wsgi ({directive} is On)')

            class Restricted:
                def __getattribute__(self, attribute):
                    if attribute.startswith('__') and attribute.endswith('__'):
                        return object.__getattribute__(self, attribute)
                    if attribute == 'flush':
                        return self.__flush__
                    refuse()

                __iter__ = __next__ = __enter__ = __setattr__ = refuse

                # Python flushes at its end, whether anything was written or not.
                def __flush__(self):
                    pass

                def __repr__(self):
                    return f'<sys.{name}, restricted by {directive}>'

            setattr(sys, name, Restricted())


        def places(frame):
            """Where the application is: the innermost frames, without those that are not its own."""
            found = []
            while frame and len(found) < 4:
                code = frame.f_code
                is_own = not (code.co_filename.startswith('<frozen importlib')
                              or code.co_filename == '<string>' and frame.f_globals.get('__name__') == '__main__')
                if is_own:
                    found.append(f'File "{code.co_filename}", line {frame.f_lineno}, in {code.co_name}')
                frame = frame.f_back
            return found


        def restrict_signal(log, unused):
            """Puts a function that changes nothing in the place of signal.signal."""
            import signal
            install = signal.signal
            owner = os.getpid()
            told = set()

            def ignore(signalnum, handler):
                if os.getpid() != owner:
                    return install(signalnum, handler)
                present = signal.getsignal(signalnum)
                try:
                    name = signal.Signals(signalnum).name
                except ValueError:
                    name = str(signalnum)
                caller = sys._getframe(1)
                place = int(signalnum), caller.f_code, caller.f_lineno
                if place not in told:
                    told.add(place)
                    log(f'Ignoring Python signal handler registration for signal {int(signalnum)}: '
                        f'signal.signal({name}, ...) was ignored, because WSGIRestrictSignal is On. It was called in '
                        + ', called in '.join(places(caller)) + '. This is told once.')
                return present

            ignore.__name__ = ignore.__qualname__ = 'signal'
            ignore.__module__ = 'signal'
            ignore.__doc__ = install.__doc__
            signal.signal = ignore
        """#
}
