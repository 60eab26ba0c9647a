"""The options that mean the same in every verb."""

from pathlib import Path
from typing import Annotated

import typer


def _worlds() -> list[str]:
    from t2w.worlds.registry import names

    return names()


def _painters() -> list[str]:
    from t2w.start.painters import names

    return names()


def _policies() -> list[str]:
    from t2w.actions.policy import names

    return names()


Out = Annotated[Path | None, typer.Option("--out", "-o", metavar="DIR", help="The world's folder.", show_default="worlds/<words>-<4 hex>")]
Seed = Annotated[int, typer.Option("--seed", "-s", metavar="N", help="Candidate k has seed N + k - 1.")]
TakeSeed = Annotated[
    int, typer.Option("--seed", "-s", metavar="N", help="Another seed, another take: of the policy, and of the world's own noise.")
]
Number = Annotated[int, typer.Option("-n", "--candidates", metavar="N", help="How many candidates, 1 to 64.")]
Pick = Annotated[
    str | None, typer.Option("--pick", metavar="N|ask|first", help="Which candidate.", show_default="ask on a terminal, else first")
]
Seconds = Annotated[float | None, typer.Option("--seconds", metavar="S", help="Length of the film.", show_default="10, or the script's")]
Frames = Annotated[int | None, typer.Option("--frames", metavar="N", help="Length in new frames: the film has N + 1 with the start frame.")]
World = Annotated[str, typer.Option("--world", "-w", metavar="NAME|DIR", help="`t2w worlds list`.", autocompletion=_worlds)]
Painter = Annotated[
    str,
    typer.Option(
        "--painter", "-p", metavar="NAME|DIR|ID", help="`t2w painters list`, a diffusers folder or hub id.", autocompletion=_painters
    ),
]
Negative = Annotated[str | None, typer.Option("--negative", metavar="WORDS", help="What the picture should not show.")]
Guidance = Annotated[float | None, typer.Option("--guidance", metavar="X", help="How closely the painter keeps to the prompt.")]
PainterSteps = Annotated[int | None, typer.Option("--painter-steps", metavar="N", help="Denoising steps of a picture.")]
Lora = Annotated[
    list[str] | None, typer.Option("--lora", metavar="ID|FILE[:X]", help="A LoRA for the painter, and how strongly; may be repeated.")
]
Quantize = Annotated[str | None, typer.Option("--quantize", metavar="8bit|4bit", help="The painter's weights in fewer bits.")]
Memory = Annotated[
    str,
    typer.Option("--memory", metavar="auto|low|max", help="low: weights go to the GPU part by part; max: all at once, whatever is free."),
]
Actions = Annotated[
    str | None, typer.Option("--actions", "-a", metavar="FILE|SHORT", help="A script (.yaml, .jsonl) or a short form: w-30,wl-15.")
]
Policy = Annotated[
    str | None,
    typer.Option(
        "--policy", metavar="NAME", help="explore, random, idle or module:callable.", show_default="explore", autocompletion=_policies
    ),
]
Device = Annotated[str, typer.Option("--device", metavar="NAME", help="auto, cpu, cuda, cuda:N, mps.")]
Dtype = Annotated[str, typer.Option("--dtype", metavar="NAME", help="auto, float32, bfloat16, float16.")]
Clean = Annotated[bool, typer.Option("--clean", help="clean.mp4 too: the film without keys and mouse.")]
FramesOut = Annotated[
    Path | None, typer.Option("--frames-out", metavar="DIR", help="Every frame as PNG, the world's own size, start frame first.")
]
Strict = Annotated[bool, typer.Option("--strict", help="A script that uses what the world lacks is an error.")]
NoMetadata = Annotated[bool, typer.Option("--no-metadata", help="No manifest and no machine-made mark inside PNG and MP4.")]
NoPreview = Annotated[bool, typer.Option("--no-preview", help="No pictures in the terminal.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line on stdout; the last is the result.")]
Offline = Annotated[bool, typer.Option("--offline", help="Ask no network, even for what is not on disk.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Errors only, and the path of what was made.")]
