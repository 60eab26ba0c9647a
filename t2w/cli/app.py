"""All verbs in one typer app, and the door where errors become sentences and exit codes."""

import errno
import io
import sys
from typing import Annotated

import typer
from typer.core import TyperGroup

from t2w import __version__
from t2w.cli import (
    actions,
    again,
    batch,
    bench,
    collect,
    doctor,
    eval,
    frames,
    grid,
    models,
    new,
    painters,
    pick,
    recipe,
    roll,
    show,
    train,
    worlds,
)
from t2w.cli.output import fail
from t2w.errors import FAILED, INTERRUPTED, MISSING, T2WError, first_line

# typer carries its own copy of click, or brings click, by its version; this is the error of wrong use in both.
WrongUse = typer.BadParameter.__base__
EXTRAS = {"numba": "sim", "accelerate": "train", "ray": "cluster"}  # a missing module, and the extra that brings it


class Verbs(TyperGroup):
    """Says the sentence of a T2WError and exits with its code; with --json every end is a result object."""

    def main(self, args=None, standalone_mode: bool = True, **rest):
        as_json = "--json" in (sys.argv[1:] if args is None else args)
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")  # a letter that the terminal lacks is no reason to say nothing
        try:
            code = super().main(args, standalone_mode=standalone_mode and not as_json, **rest)
        except T2WError as error:
            fail(str(error), error.code, as_json)
            code = error.code
        except WrongUse as error:
            fail(error.format_message(), error.exit_code, as_json)
            code = error.exit_code
        finally:
            if as_json and (broken := sys.exc_info()[1]) and not isinstance(broken, SystemExit):
                fail(f"{type(broken).__name__}: {first_line(broken)}", FAILED, as_json)
        sys.exit(code if isinstance(code, int) else 0)

    def invoke(self, context):
        try:
            return super().invoke(context)
        except KeyboardInterrupt:
            raise T2WError("interrupted", INTERRUPTED) from None
        except ModuleNotFoundError as error:
            if error.name not in EXTRAS:
                raise
            raise T2WError(f"this needs {error.name}, which is an extra: pip install 't2w[{EXTRAS[error.name]}]'", MISSING) from error
        except OSError as error:
            if error.errno == errno.EPIPE:  # the reader of our output has gone; typer ends quietly
                raise
            raise T2WError(_said_by_the_system(error), FAILED) from error

    def list_commands(self, context) -> list[str]:
        """In the order of the work, not of the alphabet."""
        return list(self.commands)


app = typer.Typer(
    name="t2w",
    cls=Verbs,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"t2w {__version__}")
        raise typer.Exit


@app.callback()
def t2w(version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")] = False) -> None:
    """A sentence becomes a world that can be walked around in, and the walk becomes a film.

    t2w new "a snowy pine forest at sunset with a red cabin"
    """


def _said_by_the_system(error: OSError) -> str:
    """A name that is too long, a disk that is gone: what no verb could foresee."""
    said = (error.strerror or str(error)).lower()
    return f"{said}: {error.filename}" if error.filename else said


MAKE, LOOK, LEARN = "Make", "Look", "Learn"
app.command("new", rich_help_panel=MAKE)(new.new)
app.command("frames", rich_help_panel=MAKE)(frames.frames)
app.command("pick", rich_help_panel=MAKE)(pick.pick)
app.command("roll", rich_help_panel=MAKE)(roll.roll)
app.command("grid", rich_help_panel=MAKE)(grid.grid)
app.add_typer(actions.app, name="actions", rich_help_panel=MAKE)
app.command("batch", rich_help_panel=MAKE)(batch.batch)
app.add_typer(recipe.app, name="recipe", rich_help_panel=MAKE)
app.command("again", rich_help_panel=MAKE)(again.again)
app.command("show", rich_help_panel=LOOK)(show.show)
app.add_typer(worlds.app, name="worlds", rich_help_panel=LOOK)
app.add_typer(painters.app, name="painters", rich_help_panel=LOOK)
app.add_typer(models.app, name="models", rich_help_panel=LOOK)
app.command("doctor", rich_help_panel=LOOK)(doctor.doctor)
app.command("collect", rich_help_panel=LEARN)(collect.collect)
app.add_typer(train.app, name="train", rich_help_panel=LEARN)
app.add_typer(eval.app, name="eval", rich_help_panel=LEARN)
app.command("bench", rich_help_panel=LEARN)(bench.bench)


def main() -> None:
    app()
