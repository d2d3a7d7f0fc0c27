"""What pictures differ in, as numbers: how bright, wide, tall, symmetric, warm and colourful they are."""

import numpy as np

EFFECTS = {  # what is measured -> its words for more and for less
    "brightness": ("brighter", "darker"),
    "width": ("wider", "narrower"),
    "height": ("taller", "lower"),
    "symmetry": ("more symmetric", "less symmetric"),
    "warmth": ("warmer", "cooler"),  # the last two of pictures in colour
    "colour": ("more colourful", "greyer"),
}


def attributes(pictures: np.ndarray) -> np.ndarray:
    """Pictures uint8 (N, H, W) or (N, H, W, 3) -> float64 (N, 6) in the order of EFFECTS.

    Brightness is the mean, in grey levels. Width and height are the standard deviation, in percent of the side, of
    where the picture differs from the mean of its edge. Symmetry is how little the left differs from the right, in grey
    levels, below 0. Warmth is how far red lies above blue, colour how far the strongest of the three above the weakest,
    in grey levels; both are 0 for grey pictures.
    """
    grey = pictures.astype(np.float32)
    warmth, colour = np.zeros((2, len(grey)))
    if grey.ndim == 4:
        warmth, colour = (grey[..., 0] - grey[..., 2]).mean((1, 2)), np.ptp(grey, axis=3).mean((1, 2))
        grey = grey.mean(3)
    edge = np.concatenate([grey[:, 0], grey[:, -1], grey[:, :, 0], grey[:, :, -1]], 1).mean(1)
    mass = np.abs(grey - edge[:, None, None]) + 1e-6

    def extent(profile: np.ndarray) -> np.ndarray:  # (N, side)
        share = profile / profile.sum(1, keepdims=True)
        at = np.arange(profile.shape[1])
        middle = share @ at
        return 100 / profile.shape[1] * np.sqrt(np.maximum(share @ at**2 - middle**2, 0))

    uneven = np.abs(grey - grey[:, :, ::-1]).mean((1, 2))
    wide, high = extent(mass.sum(1)), extent(mass.sum(2))
    return np.stack([grey.mean((1, 2)), wide, high, -uneven, warmth, colour], 1).astype(np.float64)
