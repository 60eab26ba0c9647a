"""What other packages bring: an entry point's group and name in, what it names out. A broken one is a sentence, and breaks nothing else."""

from importlib.metadata import EntryPoint, entry_points

from t2w.errors import MISSING, T2WError, first_line

# Importing somebody else's module can raise anything at all, and even ask to exit: this is the one place where all of it is caught.
ANYTHING = (Exception, SystemExit)


def names(group: str, taken: tuple[str, ...] = ()) -> list[str]:
    """Names that installed packages bring to a group, those of our own left out."""
    return sorted({entry.name for entry in entry_points(group=group)} - set(taken))


def entry(group: str, name: str) -> EntryPoint | None:
    return next(iter(entry_points(group=group, name=name)), None)


def load(found: EntryPoint) -> object:
    """The module or object that an entry point names. Raises T2WError, whatever its import raised."""
    try:
        return found.load()
    except ANYTHING as error:
        package = f" of the package {found.dist.name}" if found.dist else ""
        raise T2WError(
            f"the plug-in {found.name!r}{package} ({found.value}) does not load: {type(error).__name__}: {first_line(error)}", MISSING
        ) from error


def spec(found: EntryPoint, provider: object, kind: type) -> object:
    """The provider's SPEC. Raises T2WError unless it is of this kind."""
    said = getattr(provider, "SPEC", None)
    if not isinstance(said, kind):
        raise T2WError(f"the plug-in {found.name!r} ({found.value}) has no SPEC that is a {kind.__name__} of {kind.__module__}", MISSING)
    return said
