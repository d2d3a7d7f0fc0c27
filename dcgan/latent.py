"""Latent space: seeds to z, walks between z, and the dimensions that matter.

A z is float32 of shape (D,), a batch is (N, D). Randomness comes from seeds given as arguments and is always drawn on
the CPU, so that a seed means the same z on every device; a z given on a device comes back there, with its walk worked
out on the CPU in double precision, which not every device has. Functions return new tensors; their input stays.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from dcgan.config import BadInput

if TYPE_CHECKING:
    from dcgan.models import Generator

MAX_SEED = 2**32 - 1  # torch's CPU generator looks at 32 bits only
MAX_TRUNCATION = 2.0
RENDER_BATCH = 256  # pictures per call of a generator
OVERSAMPLE = 5  # looks per frame, at least, of an even walk


# seeds


def sample_seeds(seed: int, n: int) -> list[int]:
    """Return the seeds of a sample of n pictures: picture i has seed + i, continuing at 0 after the largest seed."""
    return [(_seed(seed) + i) % (MAX_SEED + 1) for i in range(n)]


def z_from_seed(seed: int, z_dim: int, prior: str = "normal") -> Tensor:
    """Return the z of a seed, (z_dim,): standard normal, or uniform on [-1, 1).

    Raises BadInput for a seed outside 0 to 2**32 - 1 or an unknown prior. Another version of torch, or another kind of
    CPU, may draw other numbers from the same seed; torch promises no more.
    """
    return _draw(torch.Generator().manual_seed(_seed(seed)), z_dim, prior)


def z_from_seeds(seeds: Iterable[int], z_dim: int, prior: str = "normal") -> Tensor:
    """Return one z per seed, (N, z_dim).

    Each row depends on its own seed only. Picture i of a sample of n from seed S uses seed S + i (see `sample_seeds`),
    so it is the same whatever n, and every picture of a grid can be opened alone.
    """
    rows = [z_from_seed(seed, z_dim, prior) for seed in seeds]
    return torch.stack(rows) if rows else torch.empty(0, z_dim)


def _seed(seed: int) -> int:
    if not 0 <= seed <= MAX_SEED or seed != int(seed):
        raise BadInput(f"seed must be a whole number from 0 to {MAX_SEED}, not {seed!r}.")
    return int(seed)


def _draw(rng: torch.Generator, z_dim: int, prior: str) -> Tensor:
    if prior not in ("normal", "uniform"):
        raise BadInput(f"prior must be normal or uniform, not {prior!r}.")
    return torch.randn(z_dim, generator=rng) if prior == "normal" else torch.rand(z_dim, generator=rng) * 2 - 1


# one z to another


def truncate(z: Tensor, truncation: float) -> Tensor:
    """Scale z towards the prior's mean, 0: below 1 more typical and less varied pictures, above 1 the opposite.

    For a normal prior this draws z with standard deviation `truncation`, as GAN scripts do whose control vectors have a
    standard deviation of 0.5. StyleGAN (Karras et al. 2019) pulls w, not z, towards a measured mean, and BigGAN (Brock
    et al. 2019) draws again what falls outside a threshold. Raises BadInput outside 0 to 2.
    """
    check_truncation(truncation)
    return z * truncation


def check_truncation(truncation: float) -> None:
    """Raise BadInput for a truncation outside 0 to 2."""
    if not 0 <= truncation <= MAX_TRUNCATION:  # false for NaN, too
        raise BadInput(f"truncation must be from 0 to {MAX_TRUNCATION:g}, not {truncation!r}.")


def apply_offsets(z: Tensor, offsets: Mapping[int, float]) -> Tensor:
    """Set, not add, chosen dimensions of z (D,) or (N, D): each slider is one dimension and shows its value.

    Raises BadInput for a dimension that z does not have or a value that is not finite.
    """
    z = z.clone()
    for dim, value in offsets.items():
        if dim not in range(z.shape[-1]):
            raise BadInput(f"dimension must be from 0 to {z.shape[-1] - 1}, not {dim!r}.")
        if not math.isfinite(value):
            raise BadInput(f"the value of dimension {dim} must be a finite number, not {value!r}.")
        z[..., dim] = value
    return z


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
    rng = torch.Generator().manual_seed(_seed(seed))
    noise = torch.stack([_draw(rng, len(z), prior) for _ in range(n)])  # row by row: the same whatever n
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


def ranked_dims(generator: "Generator") -> list[tuple[int, float]]:
    """All dimensions of a generator's z as `influential_dims` gives them, in a second or two at any size."""
    config, num_weights = generator.config, sum(p.numel() for p in generator.parameters())
    num_base = 8 if num_weights < 1e6 else 4 if num_weights < 8e6 else 2
    return influential_dims(generator, config.z_dim, config.z_prior, n=config.z_dim, num_base=num_base)


def influential_dims(
    generator: Callable[[Tensor], Tensor],
    z_dim: int,
    prior: str = "normal",
    n: int = 8,
    num_base: int = 16,
    delta: float | None = None,
    seed: int = 0,
    device: torch.device | str = "cpu",
) -> list[tuple[int, float]]:
    """Return the at most n dimensions of z that change the picture most, as (dim, strength), strongest first.

    Strength is the mean absolute change of a pixel, in grey levels of 255, when the dimension goes from -delta to
    +delta while the others stay as drawn from num_base seeds; delta is 2 for a normal prior and 1, its end, for a
    uniform one. The generator turns (N, D) on `device` into (N, C, H, W) in [-1, 1]; put it in eval mode, or the
    pictures of a batch affect each other. Costs 2 * z_dim * num_base pictures. Raises BadInput for n or num_base
    below 1.
    """
    for name, value in (("n", n), ("num_base", num_base)):
        if value < 1:
            raise BadInput(f"{name} must be at least 1, not {value!r}.")
    if delta is None:
        delta = 2.0 if prior == "normal" else 1.0
    base = z_from_seeds(sample_seeds(seed, num_base), z_dim, prior).to(device)  # (B, D)
    # in pairs: every dimension of every base once low and once high
    dims = torch.arange(z_dim, device=device).repeat_interleave(num_base)  # (D * B,)
    strength = torch.zeros(z_dim, dtype=torch.float64)
    with torch.no_grad():
        for rows in torch.arange(len(dims), device=device).split(RENDER_BATCH // 2):
            z = base[rows % num_base]
            low, high = (z.scatter(1, dims[rows, None], value) for value in (-delta, delta))
            before, after = generator(torch.cat([low, high])).float().chunk(2)
            change = (after - before).abs().flatten(1).mean(dim=1) * 127.5
            strength.index_add_(0, dims[rows].cpu(), change.cpu().double() / num_base)  # waits for the device
    ranked = sorted(enumerate(strength.tolist()), key=lambda pair: (-pair[1], pair[0]))
    return ranked[:n]
