"""Any file or folder that t2w has made in, its manifest out."""

from pathlib import Path

from t2w.errors import T2WError


def of(file: Path) -> dict:
    """The manifest of take.json, world.json, a take's or world's folder, or the one inside a PNG or MP4."""
    from t2w.media.metadata import read_metadata
    from t2w.rollout import takes

    if file.is_dir():
        for name in ("take.json", "world.json"):
            if (file / name).is_file():
                return takes.read(file / name)
        raise T2WError(f"{file} is neither a world nor a take of t2w: it has no world.json and no take.json")
    return takes.read(file) if file.suffix == ".json" else read_metadata(file)


def repeatable(file: Path, manifest: dict) -> dict:
    """The manifest of a take or a candidate; a T2WError that says what to give instead."""
    kind = manifest.get("kind")
    if kind in ("world", "sheet"):
        raise T2WError(f"{file} is a {kind}; give one of its takes, such as takes/01/take.mp4, or one of its frames")
    if kind not in ("take", "candidate"):
        raise T2WError(f"{file} cannot be repeated; t2w again takes take.mp4, take.json or a candidate's PNG")
    if manifest.get("painter") == "picture":
        raise T2WError(f"{file} was brought from outside, there is nothing to paint again")
    if kind == "take" and "sha256" not in manifest and (beside := file.parent / "take.json").is_file():
        manifest = _joined(manifest, of(beside))
    return manifest


def _joined(manifest: dict, beside: dict) -> dict:
    """The film's manifest with the sha256 of the take.json beside it, if they are of one take; which film of it, take.json does not say."""
    told = {name: value for name, value in manifest.items() if name != "film"}
    return {**manifest, "sha256": beside["sha256"]} if "sha256" in beside and told.items() <= beside.items() else manifest
