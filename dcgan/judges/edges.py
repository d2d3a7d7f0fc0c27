"""Features of any pictures without training, labels or a download: coarse light and colour, and edges at three sizes.

They notice blur, noise, wrong light, collapse and missing kinds of shapes. They don't know what a thing is: two shoes
with a bag's outline are no worse to them than a bag. Histograms of oriented gradients (Dalal & Triggs 2005) on a
pyramid; every number is made from pixels by the same few fixed filters.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from dcgan.judges.classifier import AT_ONCE, FRAME, framed

NAME = "edges-v1"
ORIENTATIONS = 6
GRIDS = {32: 4, 16: 2, 8: 1}  # pixels of the pyramid's level -> places along each side where edges are summed up
THUMBNAIL = 4  # pixels


def edge_features(pictures: np.ndarray, channels: int) -> np.ndarray:
    """Pictures uint8 (N, H, W) or (N, H, W, 3) -> float32 (N, 142) for 1 channel, (N, 174) for 3; from 0 to about 1."""
    with torch.inference_mode():
        parts = [_features(framed(pictures[i : i + AT_ONCE], channels, 0)) for i in range(0, len(pictures), AT_ONCE)]
    return torch.cat(parts).numpy()


def _features(x: Tensor) -> Tensor:
    """uint8 (N, C, 32, 32) -> (N, D)."""
    x = x.to(torch.float32) / 255
    light = x.mean(1, keepdim=True)  # (N, 1, 32, 32)
    parts = [F.adaptive_avg_pool2d(x, THUMBNAIL).flatten(1)]
    for size, places in GRIDS.items():
        parts.append(_edges(F.adaptive_avg_pool2d(light, size), places))
    return torch.cat(parts, 1)


def _edges(x: Tensor, places: int) -> Tensor:
    """(N, 1, S, S) -> (N, 6 * places^2): root of the root mean square slope by direction, in places^2 squares."""
    x = F.pad(x, (1, 1, 1, 1), mode="replicate")
    dx = (x[:, :, 1:-1, 2:] - x[:, :, 1:-1, :-2]) / 2
    dy = (x[:, :, 2:, 1:-1] - x[:, :, :-2, 1:-1]) / 2
    angles = torch.arange(ORIENTATIONS) * math.pi / ORIENTATIONS
    along = dx * angles.cos()[:, None, None] + dy * angles.sin()[:, None, None]  # (N, 6, S, S)
    slope = F.adaptive_avg_pool2d(along.square(), places).sqrt()
    return slope.sqrt().flatten(1)  # weak edges count nearly as much as strong ones, or noise would go unseen


assert FRAME in GRIDS  # the pyramid begins with the frame itself
