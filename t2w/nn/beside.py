"""Beside the frames: what is wanted later is made in threads of its own, on a processor core that the frames leave free.

A frame is thousands of small operations, one after the other. More threads for each of them make it no quicker, something else done meanwhile does.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import TypeVar

import torch

T = TypeVar("T")

AT_ONCE = 3  # two views that are painted, and a picture that is not to wait for them

_THREADS = ThreadPoolExecutor(AT_ONCE, "beside")


def begun(work: Callable[[], T]) -> Callable[[], T]:
    """Begins with work that is not wanted yet => what waits for it and gives what came of it, as often as it is asked. What no thread has
    come to by then is done by who asks. Outside inference mode all is: a training has no core to spare.

    Torch takes as many threads for it as it does now for the caller. Whatever the work raises is raised where it is asked for."""
    if not torch.is_inference_mode_enabled():
        return cache(work)
    threads = torch.get_num_threads()

    def there() -> T:
        torch.set_num_threads(threads)
        with torch.inference_mode():
            return work()

    future = _THREADS.submit(there)
    return cache(lambda: work() if future.cancel() else future.result())


@contextmanager
def half_the_threads() -> Iterator[None]:
    """Inside, torch takes half of its threads: the others are for the film, and for what is made beside."""
    whole = torch.get_num_threads()
    torch.set_num_threads(max(1, whole // 2))
    try:
        yield
    finally:
        torch.set_num_threads(whole)
