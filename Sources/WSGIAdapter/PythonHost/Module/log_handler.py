"""mod_wsgi.LogHandler."""

import logging

#: httpd's levels by those of the logging module, in descending order.
LEVELS = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
DEBUG = 7


def httpd_level(number):
    """httpd's number for a level of the logging module."""
    return next((level for least, level in LEVELS if number >= least), DEBUG)


def make(write, is_logged):
    """The class."""

    class LogHandler(logging.Handler):
        """Writes records to the error log of httpd, with the context of the request that the thread serves.

        Records that LogLevel excludes are not formatted.
        """

        def emit(self, record):
            try:
                level = httpd_level(record.levelno)
                if is_logged(level):
                    write(level, self.format(record), record.pathname, record.lineno or 0)
            except RecursionError:
                raise
            except Exception:
                self.handleError(record)

    LogHandler.__qualname__ = 'LogHandler'
    return LogHandler
