"""t2w doctor: is this machine ready? One line a finding; exit code 1 when something that the main job needs is missing."""

from collections.abc import Iterator

import typer

from t2w.cli import options as o
from t2w.cli.output import Output


def doctor(json: o.Json = False) -> None:
    """Look at Python, torch, the device, ffmpeg, the extras, the disk and the starter weights.

    Example: t2w doctor
    """
    from rich.markup import escape

    from t2w.errors import FAILED

    output, failed = Output(json), []
    for name, ok, detail in findings():
        output.event("finding", name=name, ok=ok, detail=detail)
        mark = {True: "[green]ok[/green]     ", False: "[red]MISSING[/red]", None: "[dim]-[/dim]      "}[ok]
        output.console.print(f"{mark}  {name:<16} {escape(detail)}", soft_wrap=True)
        failed += [name] if ok is False else []
    output.done(ok=not failed, missing=failed)
    if failed:
        raise typer.Exit(FAILED)


def findings() -> Iterator[tuple[str, bool | None, str]]:
    """(name, ok, detail); ok is None for what is only good to know."""
    import platform
    import sys

    yield "python", sys.version_info >= (3, 11), f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    yield from _torch()
    yield from _ffmpeg()
    yield from _weights()
    yield from _place()
    for name, what in (
        ("numba", "simulator: pip install 't2w[sim]'"),
        ("accelerate", "training: 't2w[train]'"),
        ("textual_image", "sharper previews: 't2w[preview]'"),
    ):
        found = _version(name)
        yield name, None, f"{found}" if found else f"not installed; {what}"


def _torch() -> Iterator[tuple[str, bool | None, str]]:
    for name in ("diffusers", "transformers"):
        yield name, _version(name) is not None, _version(name) or "not installed"
    try:
        import torch
    except (ImportError, OSError) as error:
        yield "torch", False, f"does not load: {error}"
        return
    from t2w.worlds.device import resolve

    device, dtype = resolve()
    yield "torch", True, torch.__version__
    named = f" ({torch.cuda.get_device_name(0)}, {torch.cuda.mem_get_info()[1] / 2**30:.0f} GiB)" if device.type == "cuda" else ""
    yield "device", None, f"{device}{named}, {str(dtype).removeprefix('torch.')}; {torch.get_num_threads()} threads"
    yield "cpu", None, f"{torch.backends.cpu.get_cpu_capability()}; bfloat16 in {_bfloat16()}"


def _bfloat16() -> str:
    from pathlib import Path

    info = Path("/proc/cpuinfo")
    flags = info.read_text() if info.is_file() else ""
    return (
        "AMX tiles: fast"
        if "amx_bf16" in flags
        else "AVX-512: good"
        if "avx512_bf16" in flags
        else "software or unknown: float32 is faster"
    )


def _ffmpeg() -> Iterator[tuple[str, bool | None, str]]:
    import subprocess

    try:
        from imageio_ffmpeg import get_ffmpeg_exe

        told = subprocess.run([get_ffmpeg_exe(), "-version"], check=False, capture_output=True, text=True, timeout=60)
        yield "ffmpeg", told.returncode == 0, told.stdout.splitlines()[0].split(" Copyright")[0] if told.stdout else told.stderr.strip()
    except (ImportError, RuntimeError, OSError, subprocess.TimeoutExpired) as error:
        yield "ffmpeg", False, str(error)


def _weights() -> Iterator[tuple[str, bool | None, str]]:
    from t2w.start.painters import STARTER

    for name, folder, needed in (
        ("starter painter", STARTER, "model_index.json"),
        ("starter world", STARTER.parent / "world", "config.json"),
    ):
        files = [path for path in folder.rglob("*.safetensors") if path.is_file()] if folder.is_dir() else []
        ok = (folder / needed).is_file() and bool(files)
        yield name, ok, f"{sum(path.stat().st_size for path in files) / 1e6:.1f} MB" if ok else f"not in {folder}; install t2w again"


def _place() -> Iterator[tuple[str, bool | None, str]]:
    import shutil
    import tempfile
    from pathlib import Path

    here = Path.cwd()
    free = shutil.disk_usage(here).free / 2**30
    yield "free disk", free > 0.2, f"{free:.1f} GiB in {here}"
    try:
        with tempfile.TemporaryFile(dir=here):
            yield "writable folder", True, f"worlds are made in {here / 'worlds'}"
    except OSError as error:
        yield "writable folder", False, f"{here}: {error.strerror}"


def _version(module: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(module.replace("_", "-"))
    except PackageNotFoundError:
        return None
