"""results.jsonl of a batch's folder: one row a planned take, whether it is made or not; rows in and out, nothing heavy imported."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from t2w.errors import T2WError
from t2w.media.atomic import atomically

NAME = "results.jsonl"
STATES = ("done", "failed", "waiting", "pending", "cancelled")  # waiting: for the artist's pick


@dataclass(frozen=True)
class Row:
    """A take of a batch. Paths are relative to the batch's folder, with forward slashes, and are told before their files are there."""

    key: str  # digest of all that decides the take
    status: str  # one of STATES
    recipe: str  # the file that asked for it
    prompt: str
    painter: str
    seed: int  # of candidate 1; candidate k has seed + k - 1
    candidates: int
    pick: int | None  # None: not picked yet
    world: str
    actions: str | None  # the script as the recipe names it; None: a policy acted
    policy: str | None
    take_seed: int  # of the policy, and of the world's own noise
    seconds: float  # of film
    frames: int  # new ones: the film has one more, the start frame
    fps: float
    folder: str  # the world's: worlds/snowy-pine-forest-7f3a
    take: str  # worlds/snowy-pine-forest-7f3a/takes/01
    film: str  # …/takes/01/take.mp4
    poster: str | None  # the start frame, …/frames/2.png; None: not picked yet
    sheet: str  # all candidates, …/sheet.png
    sha256: str | None = None  # of the frames; None: not made
    took: float | None = None  # seconds of work, of the take alone
    error: str | None = None  # why it failed
    painting: str = ""  # what the recipe says of how the painter is called: "guidance 3, painter-steps 12"


def write(folder: Path, rows: Iterable[Row]) -> Path:
    with atomically(folder / NAME) as temporary, open(temporary, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.writelines(json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows)
    return folder / NAME


def read(folder: Path) -> list[Row]:
    """The rows of a batch's folder. Raises T2WError where there is no batch."""
    path, known = folder / NAME, {field.name for field in fields(Row)}
    try:
        found = [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]
        return [Row(**{name: value for name, value in row.items() if name in known}) for row in found]
    except FileNotFoundError:
        raise T2WError(f"{folder} is no batch: it has no {NAME}; `t2w batch RECIPE --out {folder}` makes one") from None
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise T2WError(f"{path} is damaged ({error}); the same `t2w batch` command again writes it anew") from error
