"""Files of torch in, tensors and plain values out. Only data is read: nothing in a file is ever run."""

import codecs
import pickle
import struct
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch.serialization import safe_globals

from t2w.errors import MISSING, T2WError, first_line

# What torch's reader was seen to raise, or is documented to raise, for files that are cut off, overwritten or of another kind.
BROKEN = (OSError, RuntimeError, EOFError, ValueError, KeyError, IndexError, TypeError, AttributeError, AssertionError, struct.error)


def read(path: Path, arrays: bool = False) -> object:
    """What a .safetensors or .pt file holds, on the CPU; with `arrays`, numpy's arrays of whole numbers in a .pt too. Raises T2WError."""
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        with safe_globals(_arrays()) if arrays else nullcontext():
            return torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise T2WError(f"there is no file {path}", MISSING) from None
    except pickle.UnpicklingError:
        raise T2WError(f"{path} is broken, or holds more than tensors: it is not read, for what else is in it could run as code") from None
    except (*BROKEN, SafetensorError) as error:
        raise T2WError(f"{path} is broken, cut off or no file of weights ({first_line(error, 120)}); get it anew") from None


def _arrays() -> list:
    """What pickles of arrays of whole numbers are made of, under the names that numpy 1 and 2 write."""
    rebuild = np.zeros(0).__reduce__()[0]
    return [
        (rebuild, "numpy.core.multiarray._reconstruct"),
        (rebuild, "numpy._core.multiarray._reconstruct"),
        np.ndarray,
        np.dtype,
        type(np.dtype(np.int64)),
        type(np.dtype(np.int32)),
        (codecs.encode, "_codecs.encode"),
    ]
