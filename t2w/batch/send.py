"""What a batch has made, sent to where a URL of fsspec names: s3://bucket/tour, gs://…, file:///…; what is there already is not sent again."""

from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from t2w.batch import queue
from t2w.batch.run import Ended, Event
from t2w.errors import FAILED, MISSING, T2WError, first_line

AT_ONCE = 4
OWN = ("logs", queue.NAME, f"{queue.NAME}-wal", f"{queue.NAME}-shm")  # of this machine alone


@dataclass(frozen=True)
class Unsent:
    """An event: what has been made could not be sent."""

    error: str


class Away:
    """The place that a URL names."""

    def __init__(self, folder: Path, url: str):
        import fsspec

        self.folder, self.url = folder, url
        try:
            self.disk, self.root = fsspec.core.url_to_fs(url)
            self.disk.makedirs(self.root, exist_ok=True)
            self.there = {name: about["size"] for name, about in self.disk.find(self.root, detail=True).items()}
        except ImportError as error:
            raise T2WError(f"--to {url}: {error}", MISSING) from error
        except (ValueError, OSError) as error:
            raise T2WError(
                f"--to {url} cannot be used: {first_line(error)}; give a URL that fsspec knows, such as s3://bucket/folder"
            ) from error

    def send(self, paths: Iterable[Path]) -> None:
        """Those that are not there, or of another size there; the order is kept, so that what says all is there comes last."""
        for path in paths:
            name, size = self._name(path), path.stat().st_size
            if self.there.get(name) != size:
                try:
                    self.disk.makedirs(name.rpartition("/")[0], exist_ok=True)
                    self.disk.put_file(str(path), name)
                except OSError as error:
                    raise T2WError(f"could not send {path} to {self.url}: {first_line(error)}", FAILED) from error
                self.there[name] = size

    def send_all(self) -> None:
        """Whatever an earlier batch could not send, and what is written anew each time."""
        found = [path for path in files(self.folder) if path.relative_to(self.folder).parts[0] not in OWN]
        anew = [path for path in found if path.parent == self.folder or path.name == "world.json"]
        for path in anew:
            self.there.pop(self._name(path), None)
        self.send(found)

    def _name(self, path: Path) -> str:
        return f"{self.root}/{path.relative_to(self.folder).as_posix()}"


def sending(events: Generator[Event, None, None], away: Away) -> Generator[Event | Unsent, None, None]:
    """The same events; what each job has made is sent meanwhile. That something could not be is told once, and it is left to `send_all`."""
    hands, sent, told = ThreadPoolExecutor(AT_ONCE), deque[Future](), False
    try:
        with closing(events):
            for event in events:
                if isinstance(event, Ended) and event.state == "done":
                    place = away.folder / event.job.folder
                    paths = files(place if event.number is None else place / "takes" / f"{event.number:02d}")
                    sent.append(hands.submit(_send, away, paths))
                yield event
                while sent and sent[0].done():
                    error = sent.popleft().result()
                    if error and not told:
                        yield Unsent(error)
                        told = True
        for future in sent:
            future.result()
    finally:
        hands.shutdown(cancel_futures=True)


def _send(away: Away, paths: list[Path]) -> str:
    """Why they could not be sent; "" when they were."""
    try:
        away.send(paths)
    except T2WError as error:
        return str(error)
    return ""


def files(folder: Path) -> list[Path]:
    """Whole ones: hidden names are still being written. take.json comes last in its folder, as it was written."""
    found = [
        path
        for path in folder.rglob("[!.]*")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]
    return sorted(found, key=lambda path: (path.name == "take.json", path))
