"""A manifest (a dict that JSON can hold) into PNG and MP4 files and out again, with the mark that says: made by a trained model."""

import json
import re
import subprocess
import uuid
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from t2w.errors import T2WError

KEY = "t2w"
MADE_BY_A_MODEL = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
XMP = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""'
    ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
    f' Iptc4xmpExt:DigitalSourceType="{MADE_BY_A_MODEL}"/></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)
XMP_BOX = uuid.UUID("be7acfcb-97a9-42e8-9c71-999491e3afac")  # where XMP lives in an MP4: XMP specification part 3


def read_metadata(path: str | Path) -> dict:
    """The manifest inside a PNG or MP4 that t2w has made; T2WError when there is none."""
    path = Path(path)
    text = None
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except FileNotFoundError:
        raise T2WError(f"there is no file {path}") from None
    except OSError as error:
        raise T2WError(f"could not read {path}: {(error.strerror or str(error)).lower()}") from error
    if head.startswith(b"\x89PNG"):
        text = _png_text(path)
    elif head[4:8] == b"ftyp":
        text = _mp4_comment(path)
    try:
        manifest = json.loads(text or "")
    except json.JSONDecodeError:
        manifest = None
    if not isinstance(manifest, dict):
        raise T2WError(f"{path} carries no manifest; PNG and MP4 files made by t2w without --no-metadata do")
    return manifest


def to_json(manifest: dict) -> str:
    """ASCII, one line: it survives every container and every terminal."""
    return json.dumps(manifest, ensure_ascii=True)


def png_chunks(manifest: dict) -> PngInfo:
    """The manifest and the mark as PNG text chunks."""
    chunks = PngInfo()
    chunks.add_itxt(KEY, to_json(manifest))
    chunks.add_itxt("XML:com.adobe.xmp", XMP)
    return chunks


def ffmetadata(manifest: dict) -> str:
    """The manifest as an ffmpeg metadata file; a command line would be too short for long prompts."""
    return ";FFMETADATA1\ncomment=" + re.sub(r"([=;#\\\n])", r"\\\1", to_json(manifest)) + "\n"


def mark_mp4(path: Path) -> None:
    """Appends the mark as a box of its own; players skip it."""
    packet = XMP_BOX.bytes + XMP.encode()
    with path.open("ab") as file:
        file.write((len(packet) + 8).to_bytes(4, "big") + b"uuid" + packet)


def _png_text(path: Path) -> str | None:
    try:
        with Image.open(path, formats=["PNG"]) as image:
            return image.info.get(KEY)
    except (OSError, SyntaxError, ValueError) as error:
        raise T2WError(f"{path} is not a whole PNG: {error}") from error


def _mp4_comment(path: Path) -> str | None:
    from imageio_ffmpeg import get_ffmpeg_exe

    command = [get_ffmpeg_exe(), "-v", "error", "-i", str(path.absolute()), "-f", "ffmetadata", "-"]
    told = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    found = re.search(rb"^comment=((?:\\.|[^\\\n])*)", told.stdout, re.MULTILINE | re.DOTALL)
    return re.sub(r"\\(.)", r"\1", found[1].decode(), flags=re.DOTALL) if found else None
