"""Pictures in any file format to uint8 (h w c) RGB, pixels to tensors and back, and PNG files out."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps

from t2w.errors import T2WError
from t2w.media.atomic import atomically
from t2w.media.metadata import png_chunks

if TYPE_CHECKING:
    import torch
    from torch import Tensor

FORMATS = ("PNG", "JPEG", "MPO", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF", "JPEG2000", "TGA", "ICO")
MOST_PIXELS = 64_000_000
LEAST_SIDE = 8
# What Pillow's decoders were seen to raise, or are expected by Image.open to raise, for broken files; it documents only some.
BROKEN = (OSError, SyntaxError, ValueError, RuntimeError, IndexError, TypeError, EOFError, struct.error, zlib.error)


def to_tensor(frames: np.ndarray, device: torch.device | str = "cpu") -> Tensor:
    """(t h w c) uint8 => (1 t c h w) float in [-1, 1]."""
    import torch
    from einops import rearrange

    x = torch.from_numpy(np.ascontiguousarray(frames)).to(device).float() / 127.5 - 1
    return rearrange(x, "t h w c -> 1 t c h w", c=3)


def to_frames(x: Tensor) -> np.ndarray:
    """(1 t c h w) float in [-1, 1] => (t h w c) uint8; what lies outside is clipped."""
    from einops import rearrange

    x = rearrange(x.detach(), "1 t c h w -> t h w c", c=3)
    return ((x.float().clamp(-1, 1) + 1) * 127.5).round().byte().cpu().numpy()


def read_picture(path: str | Path) -> np.ndarray:
    """A picture file => uint8 (h w c) RGB: turned upright, alpha laid over white, 16 bits brought to 8, the first of several pictures."""
    path = Path(path)
    if path.is_dir():
        raise T2WError(f"{path} is a folder; give a picture file, such as a PNG or JPEG")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            Image.init()
            with Image.open(path, formats=[f for f in FORMATS if f in Image.OPEN]) as image:
                _check_size(path, *image.size)
                return np.array(_to_rgb(ImageOps.exif_transpose(image)))
    except FileNotFoundError:
        raise T2WError(f"there is no file {path}") from None
    except PermissionError:
        raise T2WError(f"no permission to read {path}") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise T2WError(f"{path} has more than {MOST_PIXELS // 10**6} megapixels; make it smaller first") from None
    except Image.UnidentifiedImageError:
        raise T2WError(f"{path} is not a picture that can be read; PNG, JPEG, WebP, AVIF, GIF, TIFF and BMP can") from None
    except BROKEN as error:
        raise T2WError(f"{path} is a broken or cut-off picture file ({error})") from error


def fit(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    """The rule for pictures of any size: scale (Lanczos) until the picture covers width x height, crop the centre."""
    return np.array(ImageOps.fit(Image.fromarray(picture), (width, height), Image.Resampling.LANCZOS))


def write_png(path: str | Path, frame: np.ndarray, metadata: dict | None = None) -> None:
    """A whole PNG under `path`, or none; the manifest goes inside."""
    whole = io.BytesIO()  # encoded in memory: Pillow loses the reason when a disk is full
    Image.fromarray(frame).save(whole, "PNG", pnginfo=png_chunks(metadata) if metadata is not None else None)
    with atomically(path) as temporary:
        temporary.write_bytes(whole.getbuffer())


def _check_size(path: Path, width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        megapixels = width * height / 1e6
        limit = MOST_PIXELS // 10**6
        raise T2WError(f"{path} is {width}×{height}, {megapixels:.0f} megapixels; more than {limit} are not read: make it smaller first")
    if min(width, height) < LEAST_SIDE:
        raise T2WError(f"{path} is {width}×{height} pixels; a start frame needs at least {LEAST_SIDE} on each side")


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I") or image.mode == "F":
        return Image.fromarray(_to_bytes(np.asarray(image), floats=image.mode == "F")).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert("RGB")


def _to_bytes(grey: np.ndarray, floats: bool) -> np.ndarray:
    """Grey of more than 8 bits => 8 bits: integers have 16; floats end at 1, at 255, or else at 65535."""
    grey = np.nan_to_num(grey.astype(np.float32))
    top = next((t for t in (1, 255) if grey.max() <= t), 65535) if floats else 65535
    return np.clip(grey * (255 / top), 0, 255).round().astype(np.uint8)
