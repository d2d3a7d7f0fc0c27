"""Copies in disguise: a picture that was moved, mirrored, or made darker is laid as the one it was taken from."""

import math

import numpy as np

CONTRAST = 48.0  # grey levels that a deviation becomes
LEAST = 1e-6  # of a deviation: flat pictures stay flat


def undisguised(pictures: np.ndarray) -> np.ndarray:
    """uint8 (N, H, W) or (N, H, W, 3) -> the same shape, each laid in the middle, one way round, in one light.

    A picture's place along a side is the phase of its first harmonic there: it moves with the picture by exactly as
    much, and brightness and contrast don't change it. Pixels that leave on one side come in on the other. Which way
    round is told by the second harmonic, whose odd part about that place a mirror turns over.
    """
    shown = pictures if pictures.ndim == 4 else pictures[..., None]
    n, height, width, _ = shown.shape
    grey = shown.astype(np.float32).mean(3)  # (N, H, W)
    rows, _ = _laid(grey.mean(2))
    columns, mirrored = _laid(grey.mean(1))
    moved = shown[np.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]]
    moved[mirrored] = moved[mirrored, :, ::-1]
    flat = moved.reshape(n, math.prod(pictures.shape[1:])).astype(np.float32)
    flat -= flat.mean(1, keepdims=True)
    deviation = flat.std(1, keepdims=True)
    flat *= np.where(deviation > LEAST, CONTRAST / np.maximum(deviation, LEAST), 0)
    return (flat + 127.5).clip(0, 255).round().astype(np.uint8).reshape(pictures.shape)


def _laid(lines: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of lines (N, S), where the numbers come from that lie in the middle, int64 (N, S); which are the other way round.

    The order is that of lines as they are: who is the other way round is to be turned after it.
    """
    side = lines.shape[1]
    middle, angle = (side - 1) / 2, 2 * math.pi / side
    around = angle * (np.arange(side) - middle)
    first = lines @ np.exp(-1j * around)  # (N,), its phase is minus the place
    place = -np.angle(first) / angle  # pixels from the middle
    second = (lines * np.sin(2 * (around - angle * place[:, None]))).sum(1)
    order = (np.arange(side) + np.rint(place).astype(np.int64)[:, None]) % side
    return order, second < 0
