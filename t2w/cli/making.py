"""What new, frames and roll share: options in, checked values out; told before anything heavy is loaded."""

import math
import os
import sys
import warnings
from pathlib import Path

from t2w.cli.output import Output
from t2w.errors import T2WError
from t2w.rollout.length import LONGEST, MOST_FRAMES, beyond, length


def check_length(seconds: float | None, frames: int | None) -> None:
    if seconds is not None and frames is not None:
        raise T2WError("--seconds and --frames both say how long the film is; give one of them")
    if seconds is not None and not (math.isfinite(seconds) and 0 < seconds <= LONGEST):
        raise T2WError(f"--seconds {seconds:g} is out of range; a film lasts more than 0 and at most {LONGEST:g} seconds")
    if frames is not None and not 1 <= frames <= MOST_FRAMES:
        raise T2WError(f"--frames {frames} is out of range; a film has 1 to {MOST_FRAMES:,} new frames")


def walk(output: Output, *, world, policy, actions, seconds, frames, seed, device, dtype, strict, memory="auto"):
    """The Walk that the options ask for. A script is read and held against the world here."""
    from t2w.dream import Walk, check
    from t2w.start.start import check_seed
    from t2w.worlds import registry

    if actions is not None and policy is not None:
        raise T2WError("--actions and --policy both say who acts; give one of them")
    spec, script = registry.spec(world), None
    if actions is not None:
        script = _script(output, actions, spec, strict)
    check_length(seconds, frames)
    n = length(spec, seconds, frames, None if script is None else len(script))
    if sentence := beyond(spec, n):
        output.note(sentence)
    ask = Walk(world, policy or "explore", script, check_seed(seed), n, device, dtype, memory)
    check(ask)
    return ask


def _script(output: Output, source: str, spec, strict: bool) -> tuple:
    from t2w.rollout.scripts import lacks, read

    script = read(source)
    for sentence in lacks(script, spec):
        if strict:
            raise T2WError(sentence)
        output.note(sentence)
    return tuple(script.actions(spec.fps))


def start(prompt: str, painter: str, seed: int, n: int, spec, **how):
    """The Start of the candidates. `how`: what the options say of the painting, see `painters.asked`."""
    from t2w.start import painters
    from t2w.start.start import MOST_CANDIDATES, Start, check_seed, clean_prompt

    prompt = clean_prompt(prompt)
    painters.check(painter)
    settings = painters.asked(painter, **how)
    if not 1 <= n <= MOST_CANDIDATES:
        raise T2WError(f"-n {n} is out of range; 1 to {MOST_CANDIDATES} candidates are painted at once")
    reading = painters.understood(painter, prompt)
    understood = reading.to_manifest() if reading else {}
    made = Start(prompt, painter, check_seed(seed), spec.width, spec.height, settings, understood=understood)
    painters.ready(painter, settings)
    return made


def tell(output: Output, start) -> dict:
    """Says what the painter understood of the prompt, and gives it as a field of the result; nothing where a painter takes any words."""
    from t2w.start import painters
    from t2w.start.vocabulary import told

    reading = painters.understood(start.painter, start.prompt)
    if reading is None:
        return {}
    understood, else_ = told(reading, start.painter)
    output.event("understood", **start.understood)
    if understood:
        output.say(f"understood  {understood}")
    if else_:
        output.note(else_)
    return {"understood": start.understood}


def chooser(output: Output, pick: str | None, n: int, said: str = "--pick "):
    """A function that chooses one of n; a bad pick is refused now, a question is asked when all have been seen. `said`: before which words the
    verb takes the pick."""
    from t2w.start.pick import parse

    word = parse(pick, n)
    if word == "ask" and not output.is_terminal:
        raise T2WError(f"there is no terminal to ask on; say {said}N or {said}first")

    def choose(n: int) -> int:
        if isinstance(word, int):
            return word
        if n == 1:
            return 1
        if word == "first" or not output.is_terminal:
            output.note(f"the first of {n} candidates is picked; {said}N takes another")
            return 1
        return _ask(output, n)

    return choose


def _ask(output: Output, n: int) -> int:
    while True:
        output.console.print(f"Which one? [dim]1-{n}[/dim] ", end="")
        word = sys.stdin.readline()
        if not word:
            raise KeyboardInterrupt
        if word.strip().isascii() and word.strip().isdigit() and 1 <= int(word) <= n:
            return int(word)
        output.say(f"a number from 1 to {n}, please; Ctrl-C leaves")


def keep(clean: bool, frames_out: Path | None, no_metadata: bool):
    from t2w.dream import Keep

    return Keep(clean, frames_out, not no_metadata)


def settle(offline: bool) -> None:
    """Before the libraries are imported, which read this once: their talk is for programmers, and --offline is their word too. Threads of torch
    that wait for each other spin, in GNU's OpenMP for milliseconds: beside other programs that is most of their time."""
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    for name in ("DIFFUSERS_VERBOSITY", "TRANSFORMERS_VERBOSITY", "HF_HUB_VERBOSITY"):
        os.environ.setdefault(name, "error")
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    if offline:
        os.environ["HF_HUB_OFFLINE"] = "1"
