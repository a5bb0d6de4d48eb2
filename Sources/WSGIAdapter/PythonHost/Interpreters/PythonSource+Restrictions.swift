// Written by tools/embed-python from restrictions.py: change that, and run the tool.

extension PythonSource {
    /// `restrictions.py`.
    static let restrictions = PythonSource(
        #"""
        """Restrictions of applications: the standard streams and signal handlers."""

        import os
        import sys


        def restrict_stream(name, directive):
            """Replaces a stream with an object that raises."""

            def reject(*arguments):
                raise OSError(f'sys.{name} access restricted by mod_wsgi ({directive} is On)')

            class Restricted:
                def __getattribute__(self, attribute):
                    if attribute.startswith('__') and attribute.endswith('__'):
                        return object.__getattribute__(self, attribute)
                    if attribute == 'flush':
                        return self.__flush__
                    reject()

                __iter__ = __next__ = __enter__ = __setattr__ = reject

                # Python flushes at exit, even if nothing was written.
                def __flush__(self):
                    pass

                def __repr__(self):
                    return f'<sys.{name}, restricted by {directive}>'

            setattr(sys, name, Restricted())


        def places(frame):
            """The innermost frames of the application, without those of importlib and of the bootstrap."""
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
            """Replaces signal.signal with a function that changes nothing."""
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
        """#)
}
