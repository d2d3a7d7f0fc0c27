"""Latents to pictures: the one way in which a generator draws for people."""

import numpy as np
import torch

from dcgan.images.grids import to_uint8
from dcgan.networks.folding import folded
from dcgan.networks.models import Generator

AT_ONCE = 64  # pictures in one pass: enough for speed, little memory


def render(generator: Generator, z: torch.Tensor) -> np.ndarray:
    """Latents z (N, z_dim) -> uint8 pictures (N, H, W), or (N, H, W, 3) for colour; the generator in eval mode."""
    draw = folded(generator) if isinstance(generator, Generator) else generator
    with torch.inference_mode():
        return np.concatenate([to_uint8(draw(part).numpy()) for part in z.split(AT_ONCE)])
