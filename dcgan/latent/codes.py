"""A z as a short text for addresses and recipes: its numbers in half precision, in the letters of base64url."""

import base64
import binascii
import re

import numpy as np
import torch
from torch import Tensor

LARGEST = 64.0  # no z has such numbers
_CODE = re.compile("[A-Za-z0-9_-]{2,11000}")


def code_of(z: Tensor) -> str:
    """z (D,) -> 8 letters for 3 dimensions; half precision moves no pixel by more than a grey level or so."""
    numbers = z.detach().cpu().clamp(-LARGEST, LARGEST).numpy().astype("<f2")
    return base64.urlsafe_b64encode(numbers.tobytes()).decode().rstrip("=")


def z_of_code(code: str, z_dim: int | None = None) -> Tensor | None:
    """The z of a code, (D,) float32; None if it is none, or has other dimensions than `z_dim`."""
    if not _CODE.fullmatch(code):
        return None
    try:
        data = base64.urlsafe_b64decode(code + "=" * (-len(code) % 4))
    except (binascii.Error, ValueError):
        return None
    if len(data) % 2 or base64.urlsafe_b64encode(data).decode().rstrip("=") != code:
        return None
    numbers = np.frombuffer(data, "<f2").astype(np.float32)
    whole = len(numbers) == z_dim if z_dim is not None else len(numbers) > 0
    return torch.from_numpy(numbers.copy()) if whole and (np.abs(numbers) <= LARGEST).all() else None
