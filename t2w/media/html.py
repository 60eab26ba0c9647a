"""Title, style, body and script in, one HTML file out; pictures and data to what may stand inside it."""

import base64
import json
from html import escape
from io import BytesIO
from pathlib import Path

from PIL import Image

from t2w.media.atomic import write_text


def write_page(path: Path, title: str, style: str, body: str, script: str = "") -> None:
    """The whole page or none. It names no file of any other place."""
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title><style>{style}</style>'
    code = f"<script>{script}</script>" if script else ""
    page = f'<!doctype html><html lang="en"><head>{head}</head><body>{body}{code}</body></html>\n'
    write_text(path, page)


def data(name: str, value: object) -> str:
    """A value for the page's script, which finds it by its name. No word in it can end the element that holds it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json" id="{name}">{text}</script>'


def jpeg(image: Image.Image, quality: int = 90) -> bytes:
    small = BytesIO()
    image.convert("RGB").save(small, "JPEG", quality=quality, subsampling=0 if quality >= 90 else 2, optimize=True)
    return small.getvalue()


def uri(picture: bytes) -> str:
    """A JPEG as its own address."""
    return f"data:image/jpeg;base64,{base64.b64encode(picture).decode('ascii')}"
