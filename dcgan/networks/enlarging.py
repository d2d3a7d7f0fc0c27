"""Pictures that were enlarged, and what they were enlarged from: bilinear, as data sets of small pictures are prepared.

A picture x (S, S) is enlarged to E x E^T (L, L). The other way round, with E's pseudoinverse, goes from any picture to
the one whose enlargement comes closest to it.
"""

import functools

import torch
from torch import Tensor
from torch.nn import functional as F

CPU = torch.device("cpu")


@functools.cache  # on each device, so that a training step there waits for no copy
def enlarging(small: int, large: int, device: torch.device = CPU) -> Tensor:
    """The matrix E (large, small), float32, that enlarges a line of pixels."""
    lines = torch.eye(small, device=CPU)[None, None]  # (1, 1, pixel, line): what becomes of each single bright pixel
    return F.interpolate(lines, (large, small), mode="bilinear", antialias=True)[0, 0].to(device)


@functools.cache
def undoing(small: int, large: int, device: torch.device = CPU) -> Tensor:
    """Its pseudoinverse (small, large)."""
    return torch.linalg.pinv(enlarging(small, large).double()).float().to(device)
