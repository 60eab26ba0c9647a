"""On a terminal: candidates are shown as pictures, the pick is asked for until it makes sense, progress moves."""

import os
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs pseudo-terminals")
COMMAND = ("new", "an island at noon", "--world", "sim", "--painter", "sim", "-n", "2", "--frames", "20", "--out", "w")


class Terminal:
    """A program on a terminal of its own, and what it has written there."""

    def __init__(self, here: Path, *words: str):
        import pty

        self.master, slave = pty.openpty()
        env = {
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "COLUMNS": "100",
            "LINES": "40",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "t2w", *words], cwd=here, env=env, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
        )
        os.close(slave)
        self.seen = ""

    def until(self, text: str, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while text not in self.seen:
            assert time.monotonic() < end, self.seen[-2000:]
            if select.select([self.master], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self.master, 65536).decode(errors="replace")
                except OSError:  # the program has closed its end
                    break
        assert text in self.seen, self.seen[-2000:]

    def say(self, text: str) -> None:
        os.write(self.master, text.encode())


def test_the_pick_is_asked_for_and_a_wrong_number_asked_again(tmp_path):
    terminal = Terminal(tmp_path, *COMMAND)
    terminal.until("Which one?")
    assert "▀" in terminal.seen and "38;2;" in terminal.seen  # pictures in half blocks and true colour
    terminal.say("7\n")
    terminal.until("a number from 1 to 2")
    terminal.say("2\n")
    terminal.until("rolled 20 frames")
    assert terminal.process.wait(30) == 0
    assert '"pick": 2' in (tmp_path / "w" / "world.json").read_text()


def test_ctrl_c_leaves_with_130_and_no_film(tmp_path):
    terminal = Terminal(tmp_path, *COMMAND, "--no-preview")
    terminal.until("Which one?")
    assert "▀" not in terminal.seen
    os.killpg(terminal.process.pid, 2)
    terminal.until("interrupted")
    assert terminal.process.wait(30) == 130
    assert "Traceback" not in terminal.seen and not (tmp_path / "w" / "takes").exists()


def test_ctrl_c_while_rolling_leaves_no_half_film(tmp_path):
    terminal = Terminal(tmp_path, *COMMAND[:-4], "--frames", "2000", "--out", "w", "--pick", "1")
    terminal.until("rolling")
    os.killpg(terminal.process.pid, 2)
    terminal.until("interrupted")
    assert terminal.process.wait(30) == 130
    assert list((tmp_path / "w" / "takes").iterdir()) == []
