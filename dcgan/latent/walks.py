"""Walks through latent space: from one z to another, and to its neighbours.

A z is float32 of shape (D,), a batch is (N, D). Randomness comes from seeds given as arguments and is always drawn on
the CPU, so that a seed means the same z on every device; a z given on a device comes back there, with its walk worked
out on the CPU in double precision, which not every device has. Functions return new tensors; their input stays.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from dcgan.errors import BadInput
from dcgan.latent.seeds import checked, draw

RENDER_BATCH = 256  # pictures per call of a generator
OVERSAMPLE = 5  # looks per frame, at least, of an even walk


def neighbours(z: Tensor, n: int, radius: float, seed: int, prior: str = "normal") -> Tensor:
    """Return n z around z (D,), as (n, D); the first is z itself, the others are in random directions.

    Normal prior: `radius` is the angle to z in radians, up to pi / 2, and the norm stays, since nearly all of the prior
    lies on one shell of radius sqrt(D). Uniform prior: each dimension moves by up to `radius`, within [-1, 1]. Row i is
    the same whatever n. Raises BadInput for n below 1 or a radius outside 0 to pi / 2.
    """
    if n < 1:
        raise BadInput(f"n must be at least 1, not {n!r}.")
    if not 0 <= radius <= math.pi / 2:
        raise BadInput(f"radius must be from 0 to pi / 2, not {radius!r}.")
    rng = torch.Generator().manual_seed(checked(seed))
    noise = torch.stack([draw(rng, len(z), prior) for _ in range(n)])  # row by row: the same whatever n
    # row 0 gives way to z; dropping it also matters because z itself may have been drawn from this very seed
    if prior == "uniform":
        around = (z.cpu() + radius * noise).clamp(-1, 1).to(z)
    else:
        z64, noise = z.cpu().double(), noise.double()
        unit = torch.nn.functional.normalize(z64, dim=0)
        side = torch.nn.functional.normalize(noise - (noise @ unit)[:, None] * unit, dim=1)  # at right angles to z
        around = (math.cos(radius) * z64 + math.sin(radius) * z64.norm() * side).to(z)
    around[0] = z
    return around


# walks


def lerp(a: Tensor, b: Tensor, t: float | Tensor) -> Tensor:
    """Go straight from a to b (D,): t = 0 is a, t = 1 is b; scalar t -> (D,), t of shape (T,) -> (T, D)."""
    t = torch.as_tensor(t, dtype=torch.float64, device="cpu")[..., None]
    return ((1 - t) * a.cpu() + t * b.cpu()).to(a)


def slerp(a: Tensor, b: Tensor, t: float | Tensor) -> Tensor:
    """Go from a to b (D,) along the great circle: scalar t -> (D,), t of shape (T,) -> (T, D); the ends are exact.

    Shoemake 1985 for the direction; White 2016 (arXiv 1609.04468) for why: halfway along a straight line the norm is
    far too small for the prior. The norm goes linearly from |a| to |b|. Parallel vectors, or a zero one, leave only the
    straight line; for antiparallel ones every great circle is as short, and a fixed one is taken.
    """
    t = torch.as_tensor(t, dtype=torch.float64, device="cpu")[..., None]
    a64, b64 = a.cpu().double(), b.cpu().double()
    norm_a, norm_b = a64.norm(), b64.norm()
    if norm_a == 0 or norm_b == 0:
        return lerp(a, b, t[..., 0])
    u, v = a64 / norm_a, b64 / norm_b
    angle = 2 * torch.atan2((u - v).norm(), (u + v).norm())  # Kahan's form: exact near 0 and pi, where acos is not
    if angle < 1e-7 or len(a) == 1:
        return lerp(a, b, t[..., 0])
    norm = (1 - t) * norm_a + t * norm_b
    if angle > math.pi - 1e-7:
        axis = torch.zeros_like(u)
        axis[u.abs().argmin()] = 1
        side = torch.nn.functional.normalize(axis - (axis @ u) * u, dim=0)
        walk = norm * (torch.cos(angle * t) * u + torch.sin(angle * t) * side)
        walk = torch.where(t == 0, a64, torch.where(t == 1, b64, walk))
    else:
        weight_a = torch.sin((1 - t) * angle) / torch.sin(angle) * norm / norm_a  # exactly 1 at t = 0
        weight_b = torch.sin(t * angle) / torch.sin(angle) * norm / norm_b  # exactly 1 at t = 1
        walk = weight_a * a64 + weight_b * b64
    return walk.to(a)


MODES: dict[str, Callable[[Tensor, Tensor, float | Tensor], Tensor]] = {"slerp": slerp, "lerp": lerp}


def path(keyframes: Tensor, frames: int, mode: str = "slerp", loop: bool = False) -> Tensor:
    """Walk through the keyframes (K, D) in `frames` steps -> (frames, D); every keyframe is hit exactly.

    The legs between keyframes get the same number of frames, give or take one. Without `loop` the walk ends on the last
    keyframe; with it, a last leg leads home and stops one step before the first frame, so that a repeat doubles none.
    Raises BadInput unless K >= 2 and frames >= K, and for an unknown mode.
    """
    legs = _check_path(keyframes, frames, mode, loop)
    steps = frames if loop else frames - 1
    starts = [(2 * leg * steps + legs) // (2 * legs) for leg in range(legs + 1)]  # rounded leg * steps / legs
    times = [leg + i / (end - start) for leg, (start, end) in enumerate(_pairs(starts)) for i in range(end - start)]
    return _walk(keyframes, torch.tensor(times if loop else [*times, legs], dtype=torch.float64), mode)


def even_path(
    keyframes: Tensor,
    frames: int,
    render: Callable[[Tensor], Any],
    base: str = "slerp",
    loop: bool = False,
) -> Tensor:
    """Walk as `path` does, but re-timed so that the picture changes equally from each frame to the next -> (frames, D).

    `render` turns z (T, D) into pictures (T, ...), an array or a tensor. The walk is rendered at least `OVERSAMPLE`
    times as densely, the root-mean-square change from picture to picture is summed up along it, and the frames are
    placed at equal parts of the sum. The ends stay exact; inner keyframes are passed but need not fall on a frame.
    Raises BadInput as `path` does.
    """
    legs = _check_path(keyframes, frames, base, loop)
    per_leg = samples_per_leg(frames, legs)
    times = torch.arange(legs * per_leg + 1, dtype=torch.float64) / per_leg
    travelled = _travelled(_walk(keyframes, times, base), render)
    wanted = torch.arange(frames, dtype=torch.float64) / (frames if loop else frames - 1) * travelled[-1]
    after = torch.searchsorted(travelled, wanted).clamp(1, len(times) - 1)
    low, high = travelled[after - 1], travelled[after]
    share = ((wanted - low) / (high - low)).clamp(0, 1)
    even = times[after - 1] + share * (times[after] - times[after - 1])
    even[0] = 0
    if not loop:
        even[-1] = legs
    return _walk(keyframes, even, base)


def samples_per_leg(frames: int, legs: int) -> int:
    """How often an even walk looks at each leg: a power of two, so that what was seen serves other lengths as well."""
    return 2 ** math.ceil(math.log2(max(1, OVERSAMPLE * frames / legs)))


def _check_path(keyframes: Tensor, frames: int, mode: str, loop: bool) -> int:
    """Return the number of legs, or raise BadInput."""
    if keyframes.ndim != 2 or len(keyframes) < 2:
        raise BadInput(f"keyframes must be at least 2 vectors, not {tuple(keyframes.shape)}.")
    if frames < len(keyframes):
        raise BadInput(f"frames must be at least the number of keyframes, {len(keyframes)}, not {frames!r}.")
    if mode not in MODES:
        raise BadInput(f"mode must be one of {', '.join(MODES)}, not {mode!r}.")
    return len(keyframes) if loop else len(keyframes) - 1


def _pairs(items: list[int]) -> list[tuple[int, int]]:
    return list(zip(items, items[1:], strict=False))


def _walk(keyframes: Tensor, times: Tensor, mode: str) -> Tensor:
    """Return z at the given times, (T,) -> (T, D); time k is keyframe k, and the one after the last is the first."""
    closed = torch.cat([keyframes, keyframes[:1]])
    legs = times.long().clamp(max=len(keyframes) - 1)
    z = keyframes.new_empty(len(times), keyframes.shape[1])
    for leg in legs.unique().tolist():
        z[legs == leg] = MODES[mode](closed[leg], closed[leg + 1], times[legs == leg] - leg)
    return z


def _travelled(z: Tensor, render: Callable[[Tensor], Any]) -> Tensor:
    """Return how far the picture has changed at each z (T, D) -> (T,), strictly rising from 0."""
    steps, last = [], None
    with torch.no_grad():
        for batch in z.split(RENDER_BATCH):
            pictures = torch.as_tensor(render(batch)).detach().to("cpu", torch.float32).flatten(1)
            joined = pictures if last is None else torch.cat([last, pictures])
            steps.append(joined.diff(dim=0).square().mean(dim=1).sqrt())
            last = pictures[-1:]
    change = torch.cat(steps).double().nan_to_num(0, 0, 0)
    change += change.mean() * 1e-6 + 1e-12  # a stretch where nothing changes is still passed, in no time
    return torch.cat([torch.zeros(1, dtype=torch.float64), change.cumsum(0)])


# which dimensions matter
