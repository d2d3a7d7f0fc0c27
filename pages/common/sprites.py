"""Many small pictures in one PNG with a header, as our player takes them."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

_HERE = Path(__file__).parent


def script(name: str) -> str:
    """The JavaScript of a component that takes `packed` pictures, with the function that unpacks them."""
    return "\n".join((_HERE / part).read_text(encoding="utf-8") for part in ("packed.js", name))


def packed(pictures: np.ndarray, **header: Any) -> bytes:
    """Pictures (N, H, W[, 3]) as bytes: a 4-byte header length, a JSON header, one PNG with the pictures row by row.

    The header says how many there are, their width and height, and what was given besides.
    """
    from dcgan import images

    columns = math.ceil(math.sqrt(len(pictures)))
    facts = {"count": len(pictures), "columns": columns, "width": pictures.shape[2], "height": pictures.shape[1]}
    text = json.dumps(facts | header).encode()
    return len(text).to_bytes(4, "little") + text + images.png_bytes(images.grid(pictures, columns, gap=0))
