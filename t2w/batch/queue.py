"""The jobs of a batch in SQLite: which are to be done, which are done. One process writes, the batch itself; any may look."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path

from t2w.batch.plan import Job, Paint, Plan, Roll, digest, from_json, to_json
from t2w.batch.results import Row
from t2w.batch.work import noted, painted, place_of, whole
from t2w.errors import FAILED, T2WError
from t2w.rollout import takes
from t2w.start import folder as disk

NAME = "queue.sqlite"
VERSION = "1"
# blocked: its candidates are not painted yet. waiting: for the artist. planned: 0 for what a changed recipe no longer asks for.
TABLES = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS scripts (digest TEXT PRIMARY KEY, runs TEXT);
CREATE TABLE IF NOT EXISTS jobs (
    key TEXT PRIMARY KEY, stage TEXT, turn INTEGER, model TEXT, needs TEXT, planned INTEGER, state TEXT, tries INTEGER, folder TEXT,
    number INTEGER, pick INTEGER, size INTEGER, work TEXT, script TEXT, took REAL, sha256 TEXT, error TEXT);
CREATE INDEX IF NOT EXISTS by_turn ON jobs (planned, state, turn);
CREATE INDEX IF NOT EXISTS by_model ON jobs (planned, state, model, turn);
CREATE INDEX IF NOT EXISTS by_needs ON jobs (needs);
"""
LEFT = "planned = 1 AND state NOT IN ('done', 'failed')"


def check(folder: Path) -> None:
    """Raises T2WError where there is no batch."""
    if not (folder / NAME).is_file():
        raise T2WError(f"{folder} is no batch: it has no {NAME}; `t2w batch RECIPE --out {folder}` makes one")


class Queue:
    def __init__(self, folder: Path, new: bool = False, dry: bool = False):
        """The queue of a batch's folder; `new` makes it where there is none, `dry` works on a copy in memory. Raises T2WError."""
        self.folder, path = folder, folder / NAME
        if not new:
            check(folder)
        self.scripts: dict[str | None, tuple | None] = {None: None}
        try:
            self.base = sqlite3.connect(":memory:" if dry else path, timeout=30, isolation_level=None)
            if dry and path.is_file():
                with closing(sqlite3.connect(path, timeout=30)) as there:
                    there.backup(self.base)
            self.base.execute("PRAGMA journal_mode = WAL")
            self.base.execute("PRAGMA synchronous = NORMAL")  # a power cut may forget the last job, which its files remember
            self.base.executescript(TABLES)
            version = self.fact("version", VERSION)
        except sqlite3.OperationalError as error:
            raise T2WError(f"{path} cannot be used: {error}", FAILED) from error
        except sqlite3.DatabaseError as error:
            raise T2WError(f"{path} is damaged ({error}); delete it and give `t2w batch RECIPE` again: finished takes are kept") from error
        if version != VERSION:
            raise T2WError(f"{path} is of another version of t2w; choose another folder, or delete it: finished takes are kept")

    def fact(self, name: str, value: object) -> str:
        """What was noted under the name; where nothing was, `value` is from now on."""
        self.base.execute("INSERT OR IGNORE INTO facts VALUES (?, ?)", (name, str(value)))
        return self.base.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()[0]

    def note(self, name: str, value: object) -> None:
        self.base.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, str(value)))

    # What is to be done

    def plan(self, plan: Plan) -> None:
        """The plan is what is to be done from now on; what was done for it before stays done."""
        numbers: dict[str, set[int]] = {}
        for folder, number in self.base.execute("SELECT folder, number FROM jobs WHERE stage = 'roll'"):
            numbers.setdefault(folder, set()).add(number)
        known = dict(self.base.execute("SELECT key, number FROM jobs"))
        jobs: list[Job] = sorted(plan.paints, key=lambda job: job.model) + sorted(plan.rolls, key=lambda job: job.model)
        self.base.execute("BEGIN IMMEDIATE")
        with self.base:
            self.base.execute("UPDATE jobs SET planned = 0")
            for turn, job in enumerate(jobs):
                number = known.get(job.key)
                if isinstance(job, Roll) and number is None:
                    number = self._number(job, numbers.setdefault(job.folder, set()))
                self._put(turn, job, number)

    def _put(self, turn: int, job: Job, number: int | None) -> None:
        stage, needs, pick, script = "paint", None, None, None
        if isinstance(job, Roll):
            stage, needs, pick, script = "roll", job.paint, job.pick, self._keep(job)
        row = (job.key, stage, turn, job.model, needs, job.folder, number, pick, job.size, to_json(job), script)
        self.base.execute(
            "INSERT INTO jobs (key, stage, turn, model, needs, planned, state, tries, folder, number, pick, size, work, script)"
            " VALUES (?, ?, ?, ?, ?, 1, 'blocked', 0, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE"
            " SET turn = excluded.turn, needs = excluded.needs, planned = 1, work = excluded.work",
            row,
        )

    def _number(self, roll: Roll, taken: set[int]) -> int:
        """The take's number: where it lies already, else the first that neither the plan nor a take has."""
        folder = self.folder / roll.folder / "takes"
        there = {int(path.name) for path in folder.glob("[0-9]*") if path.name.isdigit() and (path / "take.json").exists()}
        number = next((number for number in sorted(there - taken) if noted(self.folder, roll, number)), None)
        number = number or next(number for number in count(1) if number not in taken | there)
        taken.add(number)
        return number

    def _keep(self, roll: Roll) -> str | None:
        """The script of a walk, kept once."""
        if roll.walk.actions is None:
            return None
        key = f"{id(roll.walk.actions)}"  # the same tuple in all walks of a script
        if key not in self.scripts:
            runs = takes.to_runs(list(roll.walk.actions))
            name = digest(runs)
            self.base.execute("INSERT OR IGNORE INTO scripts VALUES (?, ?)", (name, json.dumps(runs)))
            self.scripts[key], self.scripts[name] = name, roll.walk.actions
        return self.scripts[key]

    def settle(self, retry: bool = False) -> None:
        """Where a batch begins or goes on: what was under way or cancelled is to be done, what is gone is to be made again."""
        self.base.execute("BEGIN IMMEDIATE")
        with self.base:
            self.base.execute("DELETE FROM facts WHERE name = 'cancel'")
            again = "state NOT IN ('done', 'failed')" if not retry else "state != 'done'"
            self.base.execute(f"UPDATE jobs SET state = 'blocked', tries = 0, error = NULL WHERE {again}")
            for key, stage, number, work, pick in self._done():
                job = from_json(work)
                there = painted(self.folder, job) if stage == "paint" else whole(self.folder, job, number)
                if there and stage == "roll" and job.pick is None:
                    there = self._asked(job.folder) == pick
                if not there:
                    self.base.execute("UPDATE jobs SET state = 'blocked', tries = 0 WHERE key = ?", (key,))
            self.base.execute("UPDATE jobs SET state = 'pending' WHERE stage = 'paint' AND state = 'blocked'")
            self._unblock("needs IN (SELECT key FROM jobs WHERE stage = 'paint' AND state = 'done')", ())
            for key, error in self.base.execute("SELECT key, error FROM jobs WHERE stage = 'paint' AND state = 'failed'").fetchall():
                self._fail_needing(key, error)

    def _done(self) -> list[tuple]:
        query = "SELECT key, stage, number, work, pick FROM jobs WHERE planned = 1 AND state = 'done'"
        return self.base.execute(query).fetchall()

    def _unblock(self, which: str, values: tuple) -> None:
        """Takes whose candidates are painted can be rolled, or wait for the artist."""
        asking = "SELECT key, folder FROM jobs WHERE stage = 'roll' AND state = 'blocked' AND planned = 1 AND json_extract(work, '$.pick') IS NULL"
        for key, folder in self.base.execute(f"{asking} AND {which}", values).fetchall():
            pick = self._asked(folder)
            self.base.execute("UPDATE jobs SET state = ?, pick = ? WHERE key = ?", ("waiting" if pick is None else "pending", pick, key))
        self.base.execute(f"UPDATE jobs SET state = 'pending' WHERE stage = 'roll' AND state = 'blocked' AND {which}", values)

    def _asked(self, folder: str) -> int | None:
        """What the artist has picked."""
        path = self.folder / folder
        return disk.read(path)["pick"] if (path / "world.json").is_file() else None

    # One job after another

    def next(self, model: str | None = None) -> tuple[Job, int | None] | None:
        """The next job and the number of its take: one of this model if there is one, so that it need not be loaded anew."""
        one = "SELECT work, script, number, pick FROM jobs WHERE planned = 1 AND state = 'pending'"
        found = self.base.execute(f"{one} AND model = ? ORDER BY turn LIMIT 1", (model,)).fetchone()
        found = found or self.base.execute(f"{one} ORDER BY turn LIMIT 1").fetchone()
        if found is None:
            return None
        work, script, number, pick = found
        job = from_json(work, self._script(script))
        if not isinstance(job, Roll):
            return job, None
        return replace(job, pick=pick), self._free(job, number)

    def _free(self, roll: Roll, number: int) -> int:
        """The take's number, another one where somebody else's take has come to lie meanwhile."""
        if not (place_of(self.folder, roll, number) / "take.json").exists() or noted(self.folder, roll, number):
            return number
        taken = self.base.execute("SELECT number FROM jobs WHERE stage = 'roll' AND folder = ?", (roll.folder,))
        number = self._number(roll, {number for (number,) in taken})
        self.base.execute("UPDATE jobs SET number = ? WHERE key = ?", (number, roll.key))
        return number

    def began(self, key: str) -> None:
        self.base.execute("UPDATE jobs SET state = 'running', tries = tries + 1, error = NULL WHERE key = ?", (key,))

    def done(self, key: str, took: float | None, sha256: str | None) -> None:
        self.base.execute("BEGIN IMMEDIATE")
        with self.base:
            self.base.execute("UPDATE jobs SET state = 'done', took = coalesce(?, took), sha256 = ? WHERE key = ?", (took, sha256, key))
            self._unblock("needs = ?", (key,))

    def again(self, key: str) -> None:
        self.base.execute("UPDATE jobs SET state = 'pending' WHERE key = ?", (key,))

    def failed(self, key: str, error: str) -> None:
        """It, and what needs it."""
        self.base.execute("BEGIN IMMEDIATE")
        with self.base:
            self.base.execute("UPDATE jobs SET state = 'failed', error = ? WHERE key = ?", (error, key))
            self._fail_needing(key, error)

    def _fail_needing(self, key: str, error: str) -> None:
        because = f"its candidates could not be painted: {error}"
        self.base.execute("UPDATE jobs SET state = 'failed', error = ? WHERE needs = ? AND state = 'blocked'", (because, key))

    def tries(self, key: str) -> int:
        return self.base.execute("SELECT tries FROM jobs WHERE key = ?", (key,)).fetchone()[0]

    def rest(self) -> None:
        """Nobody works any more."""
        self.base.execute("UPDATE jobs SET state = 'pending' WHERE state = 'running'")

    def cancel(self) -> int:
        """What is not done is not to be done, until the batch is resumed; a batch that runs sees it and stops."""
        self.note("cancel", 1)
        undone = "state IN ('blocked', 'waiting', 'pending', 'running')"
        return self.base.execute(f"UPDATE jobs SET state = 'cancelled' WHERE planned = 1 AND {undone}").rowcount

    @property
    def cancelled(self) -> bool:
        return self.base.execute("SELECT 1 FROM facts WHERE name = 'cancel'").fetchone() is not None

    def _script(self, name: str | None) -> tuple | None:
        if name not in self.scripts:
            runs = self.base.execute("SELECT runs FROM scripts WHERE digest = ?", (name,)).fetchone()[0]
            self.scripts[name] = tuple(takes.from_runs(json.loads(runs)))
        return self.scripts[name]

    # What there is

    def counts(self) -> dict[str, dict[str, int]]:
        """{"paint": {"done": 12}, "roll": {"done": 20, "failed": 1, "pending": 3}}"""
        found: dict[str, dict[str, int]] = {"paint": {}, "roll": {}}
        for stage, state, n in self.base.execute("SELECT stage, state, count(*) FROM jobs WHERE planned = 1 GROUP BY stage, state"):
            found[stage][state] = n
        return found

    def rates(self) -> dict[str, tuple[int, float]]:
        """What was measured here: model -> (frames or candidates, seconds)."""
        rows = self.base.execute("SELECT model, sum(size), sum(took) FROM jobs WHERE state = 'done' AND took > 0 GROUP BY model")
        return {model: (size, seconds) for model, size, seconds in rows}

    def left(self) -> dict[str, tuple[int, int, Job]]:
        """What is not done: model -> (jobs, frames or candidates, the first of the jobs), in the order of the work."""
        query = f"SELECT model, count(*), sum(size), work, min(turn) FROM jobs WHERE {LEFT} GROUP BY model ORDER BY min(turn)"
        return {model: (jobs, size, from_json(work)) for model, jobs, size, work, _ in self.base.execute(query)}

    def undone(self) -> Iterator[Job]:
        """Without their scripts' actions."""
        for (work,) in self.base.execute(f"SELECT work FROM jobs WHERE {LEFT}"):
            yield from_json(work)

    def errors(self) -> list[tuple[str, str]]:
        """(what, why) of the failed."""
        rows = self.base.execute("SELECT stage, folder, number, error FROM jobs WHERE planned = 1 AND state = 'failed' ORDER BY turn")
        return [(folder if stage == "paint" else f"{folder}/takes/{number:02d}", error or "") for stage, folder, number, error in rows]

    def left_over(self) -> int:
        """Takes on disk that the recipes no longer ask for."""
        return self.base.execute("SELECT count(*) FROM jobs WHERE planned = 0 AND stage = 'roll' AND state = 'done'").fetchone()[0]

    def rows(self) -> Iterator[Row]:
        """The takes in the order of the plan."""
        query = "SELECT key, work FROM jobs WHERE stage = 'paint' AND planned = 1"
        paints = {key: from_json(work) for key, work in self.base.execute(query).fetchall()}
        query = "SELECT work, needs, state, number, pick, took, sha256, error FROM jobs WHERE stage = 'roll' AND planned = 1 ORDER BY turn"
        for work, needs, state, number, pick, took, sha256, error in self.base.execute(query).fetchall():
            state = "pending" if state in ("blocked", "running") else state
            yield _row(from_json(work), paints[needs], state, number, pick, took, sha256, error)


def _row(roll: Roll, paint: Paint, state: str, number: int, pick: int | None, took, sha256, error) -> Row:
    take, walk, start = f"{roll.folder}/takes/{number:02d}", roll.walk, paint.start
    return Row(
        key=roll.key,
        status=state,
        recipe=roll.recipe,
        prompt=start.prompt,
        painter=start.painter,
        seed=start.seed,
        candidates=paint.n,
        pick=pick,
        world=walk.world,
        actions=roll.actions,
        policy=walk.policy if roll.actions is None else None,
        take_seed=walk.seed,
        seconds=round(walk.frames / roll.fps, 3),
        frames=walk.frames,
        fps=roll.fps,
        folder=roll.folder,
        take=take,
        film=f"{take}/take.mp4",
        poster=None if pick is None else f"{roll.folder}/frames/{pick}.png",
        sheet=f"{roll.folder}/sheet.png",
        sha256=sha256 if state == "done" else None,
        took=took if state == "done" else None,
        error=error,
        painting=paint.asked,
    )
