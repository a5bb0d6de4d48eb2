"""Child processes that applications start from Python."""

import _posixsubprocess
import functools
import os
import posix
import sys
import threading
from _signal import NSIG, SIG_DFL, SIG_IGN, SIG_SETMASK, SIGINT, getsignal, pthread_sigmask, signal, valid_signals


#: The signal masks of threads that are about to fork, by thread id.
blocked = {}

#: httpd's children may ignore SIGINT, which is for the parent; Python handles or obeys it.
ignores_interrupts = getsignal(SIGINT) == SIG_IGN


def enter_thread():
    """Makes the thread the main one. Before 3.11.8, a thread not started by threading fails when it ends."""
    if isinstance(threading.main_thread(), threading._DummyThread):
        threading._active.pop(threading.get_ident(), None)
        threading._main_thread = threading._MainThread()


def unblocked(call):
    """Wraps the function so that the thread blocks no signals during the call."""

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
    """Removes handlers other than Python's, then unblocks signals."""
    blocked.clear()
    for number in range(1, NSIG):
        handler = getsignal(number)
        if handler is None or number == SIGINT and ignores_interrupts and handler == SIG_IGN:
            try:
                signal(number, SIG_DFL)
            except (OSError, ValueError):
                pass
    pthread_sigmask(SIG_SETMASK, ())


REMEDY = ('in a process with more than one Python interpreter: the new process would crash or hang. Start programs '
          'with subprocess, without preexec_fn, and workers with multiprocessing.get_context("spawn"); or run the '
          'application alone, with application-group=%{GLOBAL} in a process group (WSGIDaemonProcess) of its own.')


def rejecting(call, is_alone, forks=lambda arguments: True):
    """Wraps the function so that it raises instead of forking a process with several interpreters."""

    @functools.wraps(call)
    def fork(*arguments, **named):
        if forks(arguments) and not is_alone():
            name = 'preexec_fn' if arguments else f'os.{call.__name__}()'
            raise RuntimeError(f'{name} does not work {REMEDY}')
        return call(*arguments, **named)

    return fork


def runs_python(arguments):
    """Whether fork_exec() has a preexec_fn: the only argument that can be called, and one of the last two."""
    return any(map(callable, arguments[-2:]))


def reject_forks(is_alone):
    for name in ('fork', 'forkpty'):
        fork = rejecting(getattr(posix, name), is_alone)
        setattr(posix, name, fork)
        setattr(os, name, fork)
    _posixsubprocess.fork_exec = rejecting(_posixsubprocess.fork_exec, is_alone, runs_python)


def prepare(is_embedded, is_alone):
    reject_forks(is_alone)
    start_unblocked(is_embedded)
    subprocess = sys.modules.get('subprocess')
    if hasattr(subprocess, '_fork_exec'):
        subprocess._fork_exec = _posixsubprocess.fork_exec


def start_unblocked(is_embedded):
    os.register_at_fork(after_in_child=enter_thread)
    if not is_embedded:
        return
    os.register_at_fork(before=hold_signals, after_in_parent=resume_signals, after_in_child=release_signals)
    _posixsubprocess.fork_exec = unblocked(_posixsubprocess.fork_exec)
    for name in ('posix_spawn', 'posix_spawnp', 'system'):
        start = unblocked(getattr(posix, name))
        setattr(posix, name, start)
        setattr(os, name, start)
