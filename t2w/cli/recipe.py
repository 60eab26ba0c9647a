"""t2w recipe: recipes checked, their schema, and one to begin with."""

from pathlib import Path
from typing import Annotated

import typer

from t2w.cli import options as o
from t2w.cli.output import Output
from t2w.media.folders import quoted

app = typer.Typer(no_args_is_help=True, help="Recipes: check, schema, init.")
Recipes = Annotated[list[Path], typer.Argument(metavar="RECIPE…", help="Recipe files (.yaml).")]
SCHEMA = "recipe.schema.json"
BEGINNING = f"""# yaml-language-server: $schema={SCHEMA}
about: four places at two times of day, walked into twice
prompts:
  - first-person view of a {{meadow|desert|pine forest|canyon}} at {{noon|sunset}}
painter: starter        # `t2w painters list`; negative, guidance, painter-steps, lora, quantize say how it paints
world: starter          # `t2w worlds list`
candidates: 2           # start frames of each prompt and seed
pick: first             # a number, first, all, or ask: the batch stops for `t2w pick`
seeds: 0                # 0-9 makes ten worlds of each prompt
actions: w-30,wl-15     # scripts: files, or short forms
policy: explore         # and a take by a policy
seconds: 3
"""


@app.command()
def check(recipes: Recipes, json: o.Json = False, quiet: o.Quiet = False) -> None:
    """Read recipes and say what they make. Mistakes are told as file:line:column: what is wrong, what would be right.

    Example: t2w recipe check recipes/tour.yaml
    """
    from t2w.batch.plan import plan
    from t2w.batch.recipe import read

    output, found = Output(json, quiet), []
    for path in recipes:
        made = plan(read(path))
        prompts = len({paint.start.prompt for paint in made.paints})
        found.append({"recipe": path, "prompts": prompts, "worlds": len(made.paints), "takes": len(made.rolls), "same": made.same})
        for sentence in made.notes:
            output.note(sentence)
        again = f" ({made.same:,} more were asked for twice)" if made.same else ""
        output.say(f"{path}: {prompts:,} prompts, {len(made.paints):,} worlds, {len(made.rolls):,} takes{again}")
    output.done(None, recipes=found)


@app.command()
def schema(out: Annotated[Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write it there.")] = None) -> None:
    """The JSON schema of recipes, which editors complete and check them by.

    Example: t2w recipe schema --out recipe.schema.json
    """
    if out is None:
        print(_schema(), end="")
    else:
        _write(out, _schema())


@app.command()
def init(
    recipe: Annotated[Path, typer.Argument(metavar="FILE", help="The recipe to begin with.")] = Path("recipe.yaml"),
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Write a recipe to begin with, and the schema beside it.

    Example: t2w recipe init worlds.yaml
    """
    from t2w.errors import T2WError

    output = Output(json, quiet)
    if recipe.suffix not in (".yaml", ".yml"):
        raise T2WError(f"{recipe} does not end as a recipe does; name it {recipe.stem or 'recipe'}.yaml")
    if recipe.exists():
        raise T2WError(f"{recipe} is there already; choose another name")
    _write(recipe, BEGINNING)
    _write(recipe.with_name(SCHEMA), _schema())
    output.say(f"t2w batch {quoted(recipe)} --out batch --dry-run says what it makes")
    output.done(recipe, recipe=recipe, schema=recipe.with_name(SCHEMA))


def _schema() -> str:
    from json import dumps

    from t2w.batch.fields import schema

    return dumps(schema(), indent=1) + "\n"


def _write(path: Path, text: str) -> None:
    from t2w.media.atomic import write_text

    write_text(path, text)
