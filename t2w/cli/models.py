"""t2w models: weights that others have published, fetched, looked through and removed. The cache is the hub's own."""

from pathlib import Path
from typing import Annotated

import typer

from t2w.cli import options as o
from t2w.cli.output import Output

app = typer.Typer(help="Published weights: list, pull NAME, verify NAME, rm NAME.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME|ID", help="A name of `t2w models list`, or a repository such as org/model.")]


@app.command("list")
def list_(json: o.Json = False) -> None:
    """Models that t2w knows by name, and whatever else is in the hub's cache: what is here, and how large it is.

    Example: t2w models list
    """
    from rich.table import Table

    from t2w.worlds.weights import fetch

    here, rows = fetch.cached(), []
    for model in _known().values():
        row = {"name": model.name, "repo": model.repo, "kind": model.kind, "download_gb": model.gb, "licence": model.licence}
        rows.append({**row, "on_disk": here.pop(model.repo, 0)})
    rows += [{"name": repo, "repo": repo, "kind": "", "download_gb": 0, "licence": "", "on_disk": size} for repo, size in here.items()]
    table = Table("model", "what", "here", "to fetch", "repository", "licence", box=None, padding=(0, 2, 0, 0))
    for row in rows:
        fetch_gb = f"{row['download_gb']:g} GB" if row["download_gb"] else ""
        size = _bytes(row["on_disk"]) if row["on_disk"] else "no"
        table.add_row(row["name"], row["kind"] or "other", size, fetch_gb, row["repo"], row["licence"])
    Output(json).answer(table, models=rows)


@app.command("pull")
def pull(
    name: Name,
    out: Annotated[Path | None, typer.Option("--out", "-o", metavar="DIR", help="A folder of its own instead of the cache.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which files would come, and how large they are.")] = False,
    json: o.Json = False,
    offline: o.Offline = False,
    quiet: o.Quiet = False,
) -> None:
    """Fetch a model: only the files that are used, never pickles. What came whole before stays, and all of it is checked at the end.

    HF_ENDPOINT names a mirror, HF_HOME another place for the cache.

    Example: t2w models pull sdxl --dry-run
    """
    from t2w.cli import making
    from t2w.worlds.weights import disk, fetch

    output = Output(json, quiet)
    making.settle(offline)
    _bars(output)
    model = _named(name)
    if offline and out is None and (here := _whole(model)):
        output.say(f"{model.name} is here already: {here}")
        output.done(here, path=here, files=0, bytes=0)
        return
    files = fetch.plan(model)
    coming = [file for file in files if out is not None or not file.here]
    total = sum(file.size for file in coming)
    for file in files:
        output.event("file", name=file.name, bytes=file.size, here=file.here)
        if dry_run:
            output.say(f"{_bytes(file.size):>10}  {'here  ' if file not in coming else 'fetch '}  {file.name}")
    output.say(f"{model.repo}: {len(coming)} of {len(files)} files to fetch, {_bytes(total)}")
    if dry_run:
        output.done(model.repo, repo=model.repo, files=len(coming), bytes=total)
        return
    _room(total, out)
    for file in fetch.pull(model, files, out):
        output.event("here", name=file)
    place = out or disk.snapshot(model.repo)
    output.say(f"{model.name} is here, every file as it should be: {place}")
    output.done(place, repo=model.repo, path=place, files=len(coming), bytes=total)


@app.command("verify")
def verify(
    name: Annotated[str, typer.Argument(metavar="NAME|ID|DIR", help="A name of `t2w models list`, a repository, or a folder.")],
    json: o.Json = False,
) -> None:
    """Compare every file with the checksum that the hub gave for it. Exit code 1 when one is not what it should be.

    Example: t2w models verify sdxl
    """
    from t2w.errors import FAILED, MISSING, T2WError
    from t2w.worlds.weights import disk, fetch

    output, failed, n = Output(json), 0, 0
    folder = Path(name) if name and Path(name).is_dir() else disk.snapshot(_named(name).repo)
    if folder is None:
        raise T2WError(f"{name} is not on this disk; {_named(name).how_to_get()}", MISSING)
    if not (folder / "model_index.json").is_file() and not any(folder.rglob("*.safetensors")):
        raise T2WError(f"{folder} holds no weights that could be verified: no *.safetensors")
    for n, (file, ok, detail) in enumerate(fetch.verify(folder), 1):
        failed += not ok
        output.event("file", name=file, ok=ok, detail=detail)
        output.say(f"{'ok     ' if ok else 'DAMAGED'}  {file}{f'  ({detail})' if detail else ''}")
    lacking = _lacking(folder)
    if lacking:
        output.say(f"DAMAGED  {lacking}")
    if failed or lacking:
        output.say(f"mend it with: t2w models pull {f'NAME --out {name}' if Path(name).is_dir() else name}")
    output.done(folder, ok=not failed and not lacking, path=folder, files=n, failed=failed, lacking=lacking)
    if failed or lacking:
        raise typer.Exit(FAILED)


@app.command("rm")
def rm(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json: o.Json = False,
) -> None:
    """Take a model out of the hub's cache. Asks before; other programs that use the same cache lose it too.

    Example: t2w models rm sdxl --yes
    """
    from t2w.errors import T2WError
    from t2w.worlds.weights import fetch

    output, repo = Output(json), _named(name).repo
    size = fetch.remove(repo, only_look=True)
    if not yes and not output.is_terminal:
        raise T2WError(f"{repo} takes {_bytes(size)}; say --yes to remove it")
    if not yes and not typer.confirm(f"Remove {repo}, {_bytes(size)}?", err=True):
        raise typer.Exit
    fetch.remove(repo)
    output.say(f"removed {repo}, {_bytes(size)}")
    output.done(repo, repo=repo, bytes=size)


def _known() -> dict:
    from t2w.start.presets import PRESETS
    from t2w.worlds import registry
    from t2w.worlds.weights.fetch import Model

    painters = [Model(p.name, p.hub, "painter", p.download_gb, p.licence, p.variant) for p in PRESETS.values()]
    return {model.name: model for model in (*painters, *registry.models())}


def _named(name: str):
    """The model that a name or a repository means; a repository that is not known by name is fetched as what it shows itself to be."""
    from t2w.errors import T2WError
    from t2w.worlds import registry
    from t2w.worlds.weights import disk
    from t2w.worlds.weights.fetch import Model

    known = _known()
    found = known.get(name) or next((model for model in known.values() if model.repo == name), None)
    if found is None and not disk.HUB_ID.fullmatch(name):
        raise T2WError(f"{registry.unknown('model', name, list(known))}; or a repository such as org/model")
    return found or Model(name, name)


def _whole(model) -> Path | None:
    from t2w.worlds.weights import disk

    folder = disk.snapshot(model.repo)
    files = model.files if folder else ()
    return folder if folder and all((folder / file).is_file() for file in files) and not (not files and _lacking(folder)) else None


def _lacking(folder: Path) -> str:
    """What a pipeline lacks, in a sentence; "" where it is whole, or none."""
    from t2w.errors import T2WError
    from t2w.worlds.weights import disk

    try:
        if (folder / "model_index.json").is_file():
            kind = disk.read_object(folder / "model_index.json").get("_class_name")
            disk.check_pipeline(folder, next((model.only for model in _known().values() if kind in model.classes), None))
    except T2WError as error:
        return str(error)
    return ""


def _room(needed: int, out: Path | None) -> None:
    import shutil

    from huggingface_hub import constants

    from t2w.errors import FAILED, T2WError

    place = Path(out or constants.HF_HUB_CACHE).absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if needed > free:
        raise T2WError(f"{_bytes(needed)} are to be fetched, and {place} has room for {_bytes(free)}; HF_HOME names another place", FAILED)


def _bars(output: Output) -> None:
    """The hub's bars are for a person who is looking."""
    if output.as_json or output.quiet or not output.console.is_terminal:
        from huggingface_hub.utils import disable_progress_bars

        disable_progress_bars()


def _bytes(size: float) -> str:
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
