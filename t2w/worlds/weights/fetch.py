"""Models into the hub's cache and out of it: which files of a repository are needed, how large they are, whether they are what they should be.

The cache is huggingface_hub's own, and so are downloads, resuming and mirrors (HF_ENDPOINT). A file there is named by its checksum.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from t2w.errors import FAILED, MISSING, T2WError, first_line
from t2w.media.folders import quoted
from t2w.worlds.weights import disk

PLAIN = (".json", ".txt", ".model", ".jinja", ".md")  # of a part of a pipeline, besides its weights
BLOCK = 1 << 20


@dataclass(frozen=True)
class Model:
    """What is fetched under a name: a pipeline (of which `only` these parts, if any are named), or just these `files` of a repository.

    A pipeline that is no painter says how model_index.json names its class, the newest of several names first.
    """

    name: str
    repo: str
    kind: str = ""  # what it is to t2w
    gb: float = 0.0  # to fetch, as far as is known without asking the hub
    licence: str = ""
    variant: str = ""
    only: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()

    def how_to_get(self, folder: str = "") -> str:
        """Size and command, as every message says them; `folder` is one of its own instead of the cache."""
        return f"get it{f', {self.gb:g} GB,' if self.gb else ''} with: t2w models pull {self.name}{f' --out {quoted(folder)}' if folder else ''}"


@dataclass(frozen=True)
class File:
    name: str
    size: int
    here: bool


def needed(names: Iterable[str], parts: Iterable[str] | None, variant: str = "") -> list[str]:
    """The files of a repository that are used: of a pipeline with these parts, or, where it is none, those beside each other at its top."""
    names = sorted(names)
    ends = (*PLAIN, ".safetensors") if parts is None else (".md", "model_index.json", "t2w.json")
    top = [name for name in names if "/" not in name and (name.endswith(ends) or re.match(r"(?i)licen[cs]e|notice", name))]
    for part in parts or ():
        inside = [name.removeprefix(f"{part}/") for name in names if name.startswith(f"{part}/")]
        there = disk.variants(inside)
        others = {name for files in there.values() for name in files} - set(there.get(disk.chosen(inside, variant), ()))
        top += [f"{part}/{name}" for name in inside if "/" not in name and name not in others and name.endswith((*PLAIN, ".safetensors"))]
    return top


def plan(model: Model) -> list[File]:
    """Every file that is needed, with its size in bytes; the hub is asked. Raises T2WError."""
    from huggingface_hub import HfApi, hf_hub_download

    with _asking(model.repo), tempfile.TemporaryDirectory() as place:
        info = HfApi().model_info(model.repo, files_metadata=True)
        sizes = {file.rfilename: file.size or 0 for file in info.siblings}
        parts = None
        if not model.files and "model_index.json" in sizes:
            parts = disk.parts(disk.read_object(Path(hf_hub_download(model.repo, "model_index.json", revision=info.sha, local_dir=place))))
            parts = [part for part in parts if not model.only or part in model.only]
    names = list(model.files) or needed(sizes, parts, model.variant)
    if strange := [name for name in names if name not in sizes]:
        raise T2WError(f"{model.repo} has no {', '.join(strange)}", MISSING)
    if not any(name.endswith((".safetensors", ".pt")) for name in names):
        raise T2WError(f"{model.repo} has no *.safetensors that t2w could use; pickles, which could hold code, are not fetched", MISSING)
    here = disk.snapshot(model.repo)
    return [File(name, sizes[name], here is not None and (here / name).is_file()) for name in names]


def pull(model: Model, files: list[File], folder: Path | None = None) -> Iterator[str]:
    """Fetches what is not here yet, into the cache or a folder, and looks whether all is what it should be. Each file's name as it is here.

    One file after another, in this thread: the hub's own way to fetch several at once cannot be interrupted. Raises T2WError.
    """
    from huggingface_hub import hf_hub_download

    wanted = [file.name for file in files]
    for last in (False, True):
        for name in wanted:
            with _asking(model.repo):
                hf_hub_download(model.repo, name, local_dir=folder)
            yield name
        place = folder or disk.snapshot(model.repo)
        wanted = [name for name, ok, _ in verify(place, wanted) if not ok]
        for name in wanted:  # else the cache would think that it has them
            for file in {(place / name).resolve(), place / name}:
                file.unlink(missing_ok=True)
        if not wanted:
            return
        if last:
            raise T2WError(f"{model.repo} came twice with other bytes than it should have: {', '.join(wanted)}; try another mirror", FAILED)


def verify(folder: Path, names: Collection[str] | None = None) -> Iterator[tuple[str, bool, str]]:
    """(file, ok, detail) for each file of a snapshot or folder, or for those of these names: its checksum is the one that the hub told; where none is known, it is whole."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if names is not None and name not in names:
            continue
        if not path.is_file() or name.startswith(".cache/"):
            if path.is_symlink():
                yield name, False, "it is a link to nothing"
            continue
        wanted = _told(folder, path)
        try:
            if wanted is None and path.suffix == ".safetensors":
                disk.header(path)
        except T2WError as error:
            yield name, False, str(error)
            continue
        if wanted is None:
            yield name, True, "whole, but no checksum is known"
        else:
            found = _checksum(path, wanted)
            yield name, found == wanted, "" if found == wanted else f"its checksum is {found[:12]}…, it should be {wanted[:12]}…"


def remove(repo: str, only_look: bool = False) -> int:
    """Takes a repository out of the cache, and says how many bytes that frees. Raises T2WError where it is not there."""
    found = _scan()
    commits = [revision.commit_hash for it in (found.repos if found else ()) if it.repo_id == repo for revision in it.revisions]
    if not commits:
        raise T2WError(f"{repo} is not in the hub's cache, so there is nothing to remove", MISSING)
    strategy = found.delete_revisions(*commits)
    if not only_look:
        strategy.execute()
    return strategy.expected_freed_size


def cached() -> dict[str, int]:
    """Repositories of models in the hub's cache, and the bytes that each takes."""
    found = _scan()
    return {repo.repo_id: repo.size_on_disk for repo in found.repos if repo.repo_type == "model"} if found else {}


def _scan():
    from huggingface_hub import constants, scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    try:
        return scan_cache_dir(constants.HF_HUB_CACHE)
    except CacheNotFound:
        return None


def _told(folder: Path, path: Path) -> str | None:
    """The checksum that the hub gave for a file: in the cache its name, in a folder of its own a note beside it."""
    note = folder / ".cache" / "huggingface" / "download" / f"{path.relative_to(folder).as_posix()}.metadata"
    said = (note.read_text().splitlines()[1:2] or [""])[0] if note.is_file() else path.resolve().name
    return said if re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", said) else None


def _checksum(path: Path, like: str) -> str:
    """SHA-256 of a large file; of a small one git's own, which is SHA-1 of its length and content."""
    digest = hashlib.sha256() if len(like) == 64 else hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


@contextmanager
def _asking(repo: str) -> Iterator[None]:
    """What can go wrong when a hub is asked, in sentences."""
    from huggingface_hub import constants
    from huggingface_hub.errors import GatedRepoError, HTTPError, OfflineModeIsEnabled, RepositoryNotFoundError

    hub = constants.ENDPOINT
    try:
        yield
    except GatedRepoError as error:
        raise T2WError(
            f"{repo} is only given to those who have accepted its terms: do so at {hub}/{repo}, then: hf auth login", MISSING
        ) from error
    except RepositoryNotFoundError as error:
        raise T2WError(f"{hub} has no model {repo}, or does not show it to everybody; with an account: hf auth login", MISSING) from error
    except OfflineModeIsEnabled as error:
        raise T2WError(f"nothing is fetched offline; without --offline (and HF_HUB_OFFLINE) {hub} is asked for {repo}", MISSING) from error
    except (HTTPError, OSError, ValueError) as error:
        raise T2WError(
            f"{repo} could not be fetched from {hub}: {first_line(error)}; the same command again goes on with what is missing", FAILED
        ) from error
