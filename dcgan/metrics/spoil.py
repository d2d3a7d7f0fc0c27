"""Real pictures made worse in known ways: the marks on the ruler by which a distance is read."""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F


def blurred(pictures: np.ndarray, share: float) -> np.ndarray:
    """Blurred by a Gaussian whose deviation is a share of the picture's width; uint8 (N, H, W) or (N, H, W, 3)."""
    sigma = share * pictures.shape[2]
    reach = max(1, round(3 * sigma))
    weights = torch.exp(-torch.arange(-reach, reach + 1.0).square() / (2 * sigma**2))
    weights = (weights / weights.sum()).view(1, 1, 1, -1)
    out = np.empty_like(pictures)
    for start in range(0, len(pictures), 512):
        x = torch.tensor(pictures[start : start + 512])
        x = x[:, None] if x.ndim == 3 else x.permute(0, 3, 1, 2)  # (N, C, H, W)
        n, channels, height, width = x.shape
        y = F.pad(x.float().reshape(-1, 1, height, width), (reach,) * 4, mode="replicate")
        y = F.conv2d(F.conv2d(y, weights), weights.mT).round_().byte().view(n, channels, height, width)
        out[start : start + 512] = (y[:, 0] if pictures.ndim == 3 else y.permute(0, 2, 3, 1)).numpy()
    return out


def noisy(pictures: np.ndarray, sigma: float) -> np.ndarray:
    """With Gaussian noise of so many grey levels, the same at every call."""
    noise = np.random.default_rng(0).normal(0, sigma, pictures.shape).astype(np.float32)
    return np.clip(np.rint(pictures + noise), 0, 255).astype(np.uint8)


SPOILT: dict[str, Callable[[np.ndarray], np.ndarray]] = {  # label -> what it does to real pictures
    "a little blurred": lambda pictures: blurred(pictures, 0.5 / 28),
    "blurred": lambda pictures: blurred(pictures, 1 / 28),
    "very noisy": lambda pictures: noisy(pictures, 32),
}
