"""Signals that end a process without requests (threads=0)."""

import _signal
import _thread
import posix
import sys
import time


class Ended(SystemExit):
    """Ends the running script."""

    def __init__(self, number):
        super().__init__()
        self.number = number


def end(number, frame):
    raise Ended(number)


def send_again(number):
    time.sleep(0.01)
    posix.kill(posix.getpid(), number)


def catch_signals():
    """SIGTERM and similar signals end the running script, unless the script has its own handler.

    Where Python ignores exceptions (in __del__, in weak reference callbacks) the exception would be lost and the script
    would keep running. The signal is then sent again.
    """
    former = sys.unraisablehook

    def lost(args):
        if isinstance(args.exc_value, Ended):
            _thread.start_new_thread(send_again, (args.exc_value.number,))
        else:
            former(args)

    for number in _signal.SIGTERM, _signal.SIGUSR1, _signal.SIGXCPU:
        _signal.signal(number, end)
    sys.unraisablehook = lost
