internal import CPython
internal import PythonRuntime

/// Processes that applications start with Python's means.
enum ChildProcesses {
    /// Has processes that are started in the attached interpreter begin as in any program; false: it has raised.
    ///
    /// - Parameter isEmbedded: httpd's threads block signals, and its handlers leave them to httpd. A process that took
    ///   over both could not be ended by whoever started it.
    static func prepare(isEmbedded: Bool) -> Bool {
        guard let globals = PythonPart.evaluate(source),
            let prepare = unsafe Object(PyDict_GetItemString(globals.object.pointer, "prepare"))
        else { return false }
        return prepare.call(Object.bool(isEmbedded)) != nil
    }

    private static let source: StaticString = #"""
        import _posixsubprocess
        import functools
        import os
        import posix
        import threading
        from _signal import NSIG, SIG_DFL, SIG_IGN, SIG_SETMASK, SIGINT, getsignal, pthread_sigmask, signal, valid_signals


        #: What threads that are about to fork have blocked, by their numbers.
        blocked = {}

        #: httpd's children may ignore SIGINT, which concerns the parent; Python handles or obeys it.
        ignores_interrupts = getsignal(SIGINT) == SIG_IGN


        def enter_thread():
            """Makes the thread the main one. Before 3.11.8 one that was not started by threading fails at its end."""
            if isinstance(threading.main_thread(), threading._DummyThread):
                threading._active.pop(threading.get_ident(), None)
                threading._main_thread = threading._MainThread()


        def unblocked(call):
            """The function, called while the thread blocks no signal."""

            @functools.wraps(call)
            def start(*arguments, **named):
                former = pthread_sigmask(SIG_SETMASK, ())
                try:
                    return call(*arguments, **named)
                finally:
                    pthread_sigmask(SIG_SETMASK, former)

            return start


        def hold_signals():
            """Before a fork: httpd's handlers must not run in the new process."""
            blocked[threading.get_ident()] = pthread_sigmask(SIG_SETMASK, valid_signals())


        def resume_signals():
            pthread_sigmask(SIG_SETMASK, blocked.pop(threading.get_ident()))


        def release_signals():
            """Removes the handlers that are not Python's, and only then lets signals in."""
            blocked.clear()
            for number in range(1, NSIG):
                handler = getsignal(number)
                if handler is None or number == SIGINT and ignores_interrupts and handler == SIG_IGN:
                    try:
                        signal(number, SIG_DFL)
                    except (OSError, ValueError):
                        pass
            pthread_sigmask(SIG_SETMASK, ())


        def prepare(is_embedded):
            os.register_at_fork(after_in_child=enter_thread)
            if not is_embedded:
                return
            os.register_at_fork(before=hold_signals, after_in_parent=resume_signals, after_in_child=release_signals)
            _posixsubprocess.fork_exec = unblocked(_posixsubprocess.fork_exec)
            for name in ('posix_spawn', 'posix_spawnp', 'system'):
                start = unblocked(getattr(posix, name))
                setattr(posix, name, start)
                setattr(os, name, start)
        """#
}
