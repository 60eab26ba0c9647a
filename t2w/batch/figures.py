"""What `t2w bench` has measured on this machine, kept for plans: rows in, rows out, by kind and name."""

import json
import os
from contextlib import suppress
from pathlib import Path

from t2w.errors import T2WError
from t2w.media.atomic import write_text

WANTED = ("fps", "load_s", "first_frame_s", "peak_mib", "device", "dtype", "threads", "frames")


def path() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "t2w" / "bench.json"


def known() -> dict[str, dict]:
    """{"world starter": {"fps": 18.0, "load_s": 2.1, …}}; {} where nothing was measured, or what is kept cannot be read."""
    try:
        found = json.loads(path().read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def keep(rows: list[dict]) -> None:
    """Figures of the same model are replaced. Where nothing can be kept, plans do without."""
    figures = known() | {f"{row['kind']} {row['name']}": {name: row.get(name) for name in WANTED} for row in rows}
    with suppress(OSError, T2WError):
        path().parent.mkdir(parents=True, exist_ok=True)
        write_text(path(), json.dumps(figures, indent=1))
