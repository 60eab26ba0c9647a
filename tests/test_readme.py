"""README.md does what it says: its tour is run line by line; every other `t2w` line is parsed, every path is looked up."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
TEXT = README.read_text("utf-8") if README.is_file() else ""


def commands() -> list[str]:
    """Lines of code blocks that begin with t2w, or go on with it after &&; the shell's comments and pipes cut off."""
    blocks = re.findall(r"```\w*\n(.*?)```", TEXT, re.DOTALL) + re.findall(r"(?:^    .*\n?)+", TEXT, re.MULTILINE)
    lines = [part.strip() for block in blocks for line in block.replace("\\\n", " ").splitlines() for part in line.split("&&")]
    return [re.split(r"\s[#|>]", line)[0] for line in lines if line.startswith("t2w ")]


def test_there_is_a_readme():
    assert "t2w new" in TEXT


@pytest.mark.parametrize("line", commands())
def test_commands_are_understood(line):
    from typer.main import get_command

    from t2w.cli import app

    command, words = get_command(app), shlex.split(line)[1:]
    while hasattr(command, "commands"):
        assert words and words[0] in command.commands, f"{line}: no verb {words[:1]}"
        command, words = command.commands[words[0]], words[1:]
    command.make_context(line, words)  # raises for options and arguments that do not exist


def test_pictures_and_links_lead_somewhere():
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)|src=\"([^\"]+)\"", TEXT)
    paths = [a or b for a, b in links if not re.match(r"\w+:", a or b)]
    assert not [path for path in paths if not (ROOT / path).exists()]


def test_scripts_and_prompts_that_are_named_exist():
    named = re.findall(r"\b(?:recipes|prompts)/[\w./-]+\w", TEXT)
    assert not [path for path in named if not (ROOT / path).exists()]


def tour() -> list[str]:
    """The block under "What can be done", after the first command of all."""
    block = TEXT.split("## What can be done")[1].split("```")[1]
    first = re.search(r"&& (t2w new .*)", TEXT)[1]
    return [first, *(re.split(r"\s#", line)[0].strip() for line in block.splitlines() if line.startswith("t2w "))]


@pytest.mark.weights
def test_the_tour_can_be_walked(tmp_path):
    """As a newcomer would: in an empty folder with the recipes and a photo, each command as written, in order."""
    from t2w.media.video import read_film

    shutil.copytree(ROOT / "recipes", tmp_path / "recipes")
    shutil.copytree(ROOT / "prompts", tmp_path / "prompts")
    photo(tmp_path / "photo.jpg")
    env = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}  # where bench keeps its figures
    for line in tour():
        command = [sys.executable, "-m", *shlex.split(line)]
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
        assert done.returncode == 0, f"{line}: {done.stderr}"
    films = sorted(tmp_path.glob("worlds/*/takes/*/take.mp4"))
    assert len(films) >= 5
    assert sum(1 for _ in read_film(next(film for film in films if "snowy" in film.parts[-4]))) == 151
    (tmp_path / "t2w").symlink_to(ROOT / "t2w")  # where the painter's folder is looked for
    for code in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL):
        done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{code}: {done.stderr}"


def photo(path: Path) -> None:
    """1200 x 900, nothing like the simulator."""
    import numpy as np
    from PIL import Image

    y, x = np.mgrid[:900, :1200]
    Image.fromarray(np.stack([x % 256, y % 256, (x + y) // 9], -1).astype(np.uint8)).save(path)
