// Written by tools/embed-python from late_names.py: change that, and run the tool.

extension PythonSource {
    /// `late_names.py`.
    static let lateNames = PythonSource(
        #"""
        """Names of mod_wsgi that are made when they are first used, so that applications without them do not pay."""


        def install(module, active_requests, log_handler):
            """Adds them to the module."""
            makers = {'active_requests': active_requests, 'LogHandler': log_handler}

            def __getattr__(name):
                if name not in makers:
                    raise AttributeError(f"module 'mod_wsgi' has no attribute '{name}'")
                return vars(module).setdefault(name, makers[name]())

            def __dir__():
                return sorted({*vars(module), *makers})

            module.__getattr__, module.__dir__ = __getattr__, __dir__
        """#)
}
