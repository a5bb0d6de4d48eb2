// Written by tools/embed-python from events.py: change that, and run the tool.

extension PythonSource {
    /// `events.py`.
    static let events = PythonSource(
        #"""
        """Events: the subscriptions, and the keys of each event."""

        import sys

        #: The keys of each event, in the order in which the engine passes their values.
        EVENTS = {
            'request_started': (
                'request_id', 'thread_id', 'daemon_connects', 'daemon_restarts', 'server_pid', 'request_start', 'queue_start',
                'daemon_start', 'application_start', 'application_object', 'callable_object', 'request_environ',
                'request_data'),
            'response_started': (
                'request_id', 'response_status', 'response_headers', 'exception_info', 'request_data'),
            'request_finished': (
                'request_id', 'thread_id', 'server_pid', 'request_start', 'queue_start', 'daemon_start', 'application_start',
                'application_finish', 'application_time', 'input_reads', 'input_length', 'input_time', 'output_writes',
                'output_length', 'output_time', 'status', 'cpu_user_time', 'cpu_system_time', 'cpu_time', 'gil_wait_time',
                'gil_wait_count', 'request_data'),
            'request_exception': ('request_id', 'exception_info', 'request_data'),
            'process_signal': ('signame', 'signum'),
            'process_stopping': ('shutdown_reason',),
        }

        event_callbacks = []
        shutdown_callbacks = []
        signal_callbacks = []

        #: Subscribers to a single event.
        special = {'process_signal': signal_callbacks, 'process_stopping': shutdown_callbacks}


        def subscribe_events(callback):
            """Calls callback(name, **payload) for each event of this interpreter. Returns the callback."""
            event_callbacks.append(callback)
            return callback


        def subscribe_shutdown(callback):
            """Calls callback('process_stopping', shutdown_reason=...) before the process ends. Returns the callback."""
            shutdown_callbacks.append(callback)
            return callback


        def subscribe_signals(callback):
            """Calls callback('process_signal', signame=..., signum=...) for SIGHUP and SIGUSR2. Returns the callback.

            In embedded mode it has no effect.
            """
            if is_daemon:
                signal_callbacks.append(callback)
            else:
                caller = sys._getframe(1)
                log('Ignoring the callback of mod_wsgi.subscribe_signals(): in embedded mode signals are for httpd. It was '
                    f'called in File "{caller.f_code.co_filename}", line {caller.f_lineno}, in {caller.f_code.co_name}.')
            return callback


        def publish(name, values):
            """Calls the subscribers in order, and returns the payload. A dict that one returns changes it for the next."""
            payload = dict(zip(EVENTS[name], values))
            if payload.get('request_id', '') is None:
                del payload['request_id']
            for callback in (*event_callbacks, *special.get(name, ())):
                try:
                    changes = callback(name, **payload)
                except RequestTimeout:
                    # It ends the request, whatever the request's thread is doing.
                    raise
                except BaseException as error:
                    report(error, name)
                else:
                    if isinstance(changes, dict):
                        payload.update(changes)
            return payload


        def has_subscribers(name):
            """Whether anything is called for one of the events of `special`."""
            return bool(event_callbacks or special[name])


        def exception_info(error):
            """An exception as sys.exc_info() returns it."""
            return type(error), error, error.__traceback__


        def install(module, daemon, timeout, log_function, report_function):
            """Adds the public names to the module."""
            global is_daemon, RequestTimeout, log, report
            is_daemon, RequestTimeout, log, report = daemon, timeout, log_function, report_function
            for public in (subscribe_events, subscribe_shutdown, subscribe_signals):
                setattr(module, public.__name__, public)
            module.event_callbacks = event_callbacks
            module.shutdown_callbacks = shutdown_callbacks
            module.signal_callbacks = signal_callbacks
        """#)
}
