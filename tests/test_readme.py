"""README.md says commands and files that exist: every `t2w` line in it is parsed, every path in it is looked up. Nothing is run."""

import re
import shlex
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
