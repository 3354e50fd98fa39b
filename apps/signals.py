"""SIGTERM and SIGHUP end a command as Ctrl-C does: workers are stopped, temporary files removed, 128 + signal told."""

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator

from ..data.files import remove_temporaries
from ..data.parallel import stop_workers

# Windows lacks the last. What is ignored stays ignored, as SIGHUP is under nohup.
ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
DEFAULTS = (signal.SIG_DFL, signal.default_int_handler)
GRACE_S = 3  # for the main thread to clear up, before the process is ended wherever it is


class Stopped(SystemExit):
    """A signal that ends the program.."""

    def __init__(self, number: int):
        super().__init__(128 + number)
        self.name = signal.Signals(number).name


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """Raise `Stopped` where a signal asks this process to end, and stop its workers at once.

    A thread sees to it that the process ends also where it works outside of Python, as in one fit of minutes.
    """
    if threading.current_thread() is not threading.main_thread():  # signals are the main thread's
        yield
        return
    before = {number: handler for number in ENDING if (handler := signal.getsignal(number)) in DEFAULTS}
    told, heard = socket.socketpair()
    told.setblocking(False)
    threading.Thread(target=_see_to_the_end, args=(heard, frozenset(before)), daemon=True).start()
    woken = signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
    for number in before:
        signal.signal(number, _stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(woken)
        told.close()


def _stop(number, frame):
    raise Stopped(number)


def _see_to_the_end(heard, ending) -> None:
    """Wait for an ending signal; then stop the workers at once, and a moment later the process if it is still there."""
    with heard:
        number = next((number for number in _bytes(heard) if number in ending), None)
        if number is None:
            return  # the command is over
        stop_workers()
        deadline = time.monotonic() + GRACE_S
        with contextlib.suppress(TimeoutError):
            for _ in _bytes(heard, deadline):
                pass
            return  # the command has cleared up
    stop_workers()
    remove_temporaries()
    os._exit(128 + number)


def _bytes(heard, deadline=None) -> Iterator[int]:
    """Numbers of signals as they come, until the other end is closed."""
    while True:
        if deadline is not None:
            heard.settimeout(max(deadline - time.monotonic(), 0.001))
        came = heard.recv(1)
        if not came:
            return
        yield came[0]
