// Written by tools/embed-python from interpreter.py: change that, and run the tool.

extension PythonSource {
    /// `interpreter.py`.
    static let interpreter = PythonSource(
        #"""
        """Start and end of an interpreter."""

        import atexit
        import sys
        import threading


        def prepare(paths, home):
            """Prepares sys.path and sys.argv. Returns the message for a path that failed."""
            import site
            sys.argv = ['mod_wsgi']
            before = list(sys.path)
            failure = None
            for path in paths:
                try:
                    site.addsitedir(path)
                except BaseException as error:
                    failure = (f"Cannot add the directory '{path}' to sys.path ({type(error).__name__}: {error}); "
                               f"the directories after it are left out.")
                    break
            known = set(before)
            found = [path for path in sys.path if path not in known]
            sys.path[:] = found + before
            if home:
                sys.path.insert(0, home)
            return failure


        def finish():
            """Joins the threads that are to be joined. Returns whether no other thread still runs."""
            current = threading.current_thread()
            main = threading.main_thread()
            # Up to 3.12 _shutdown() waits for the thread that imported threading, if it is another. That is a request
            # thread, which outlives the interpreter.
            lock = getattr(main, '_tstate_lock', None)
            if main is not current and lock is not None:
                with threading._shutdown_locks_lock:
                    threading._shutdown_locks.discard(lock)
            threading._shutdown()
            # Py_EndInterpreter calls it again. In 3.12 it fails then, if this thread has also imported threading.
            threading._shutdown = lambda: None
            return not any(
                thread.is_alive() and thread not in (current, main) and not isinstance(thread, threading._DummyThread)
                for thread in threading.enumerate())


        def run_exit_functions():
            atexit._run_exitfuncs()


        def stack(ident):
            """The stack of a thread, innermost call last."""
            return stack_of(sys._current_frames().get(ident))


        def stack_of(frame):
            """The stack that ends with a frame, innermost call last."""
            from traceback import StackSummary, walk_stack
            summary = StackSummary.extract(walk_stack(frame), lookup_lines=True) if frame else []
            summary.reverse()
            return ''.join(summary.format()).rstrip() if summary else '  (no Python code)'
        """#)
}
