"""Processes of one command: on how many cores they may run, and what each does when Ctrl-C is pressed or its parent is gone."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def cores() -> int:
    """That this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def deaf() -> Iterator[None]:
    """A process that is started inside ignores Ctrl-C from its first moment: it is for this one, which then ends the other."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def stopping() -> Iterator[Callable[[], bool]]:
    """Inside, Ctrl-C and a SIGTERM do no more than to be asked for by what this yields; a second one ends what is done at once."""
    heard: list[int] = []

    def hear(number: int, _: object) -> None:
        if heard:
            raise KeyboardInterrupt
        heard.append(number)

    ours = threading.current_thread() is threading.main_thread()
    before = {number: signal.signal(number, hear) for number in (signal.SIGINT, signal.SIGTERM)} if ours else {}
    try:
        yield lambda: bool(heard)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def end_with_parent(grace: float = 0.0) -> None:
    """Who is killed cannot tell its processes: from now on this one sees it by itself, and ends; where it gets so many seconds of grace, after
    a SIGTERM."""
    threading.Thread(target=_wait_and_end, args=(grace,), daemon=True).start()


def _wait_and_end(grace: float) -> None:
    multiprocessing.parent_process().join()
    if grace:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(grace)
    os._exit(1)
