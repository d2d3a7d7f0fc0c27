"""Random changes of all pictures that enter D, real and fake, so that it can't overfit a few of them.

Differentiable augmentation by Zhao et al. 2020 (arXiv:2006.10738), section 3: the same family of changes for real and
fake pictures, in D's step and in G's, with gradients that pass through them. G never learns to draw the changes, since
D could not tell them from those of real pictures.
"""

import torch
from torch import Tensor

from dcgan.training.microbatch import Noise

FEW_PICTURES = 10_000  # below, D overfits them before G draws well
ELSE = {"auto": "off", "auto-shift": "shift"}  # what these mean for more
SHIFT = 1 / 8  # of the picture's side, at most, in each direction
SMALL_SHIFT = 1 / 16  # the same, where pictures are only moved
HOLE = 1 / 2  # the side of the square that is cut out, of the picture's


def wanted(setting: str, pictures: int) -> str:
    """off, shift or on: what the setting `augment` means for a data set of so many pictures."""
    if setting in ELSE:
        return "on" if pictures < FEW_PICTURES else ELSE[setting]
    return setting


def augment(x: Tensor, noise: Noise, how: str) -> Tensor:
    """Pictures (B, C, H, W) in [-1, 1] -> the same, each changed in its own way; brightness can leave the range.

    off: they are left alone. shift: each is moved by up to a sixteenth of its side, with its outermost pixels where
    nothing was. on: brightness by up to 0.5 either way, contrast by half to one and a half times about the picture's
    mean, a shift by up to an eighth, with 0 (mid-grey) where nothing was, and a square of half its side set to 0.
    """
    if how == "off":
        return x
    height, width = x.shape[2:]
    if how == "shift":
        down, right = noise.rand(torch.Size([len(x), 2])).to(x.dtype).unbind(1)
        rows, columns = (_shifting(far, side, SMALL_SHIFT, True) for far, side in ((down, height), (right, width)))
        return rows[:, None] @ x @ columns[:, None].mT
    bright, contrast, down, right, top, left = noise.rand(torch.Size([len(x), 6])).to(x.dtype).unbind(1)
    x = x + (bright - 0.5)[:, None, None, None]
    mean = x.mean((1, 2, 3), keepdim=True)
    x = (x - mean) * (contrast + 0.5)[:, None, None, None] + mean
    x = _shifting(down, height, SHIFT)[:, None] @ x @ _shifting(right, width, SHIFT)[:, None].mT
    hole = _inside(top, height)[:, None, :, None] & _inside(left, width)[:, None, None, :]
    return x.masked_fill(hole, 0)


def _shifting(numbers: Tensor, side: int, share: float, edges: bool = False) -> Tensor:
    """Matrices (B, side, side) that move the rows they are multiplied with; numbers (B,) in [0, 1) say how far.

    With `edges` the outermost row is repeated where nothing was. A product, unlike indexing, has a gradient that adds
    up in the same order every time, on every device.
    """
    most = int(side * share + 0.5)
    far = (numbers * (2 * most + 1)).floor() - most
    place = torch.arange(side, device=numbers.device)
    origin = place[None, :, None] - far[:, None, None]  # (B, side, 1), the row that comes to each place
    if edges:
        origin = origin.clamp(0, side - 1)
    return (origin == place[None, None, :]).to(numbers.dtype)


def _inside(numbers: Tensor, side: int) -> Tensor:
    """Which rows (B, side) a hole covers whose middle is anywhere in the picture."""
    size = int(side * HOLE + 0.5)
    first = (numbers * (side + 1 - size % 2)).floor() - size // 2
    place = torch.arange(side, device=numbers.device)
    return (place >= first[:, None]) & (place < first[:, None] + size)
