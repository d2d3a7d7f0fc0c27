"""A morph as plain values, and the pure functions that make its frames."""

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dcgan.config import BadInput
from dcgan.runs import Run
from pages.common import address
from pages.common.view import MAX_SEED

if TYPE_CHECKING:
    import torch

    from dcgan.config import Config
    from dcgan.models import Generator
    from pages.common.loading import Opened

MODES = ("slerp", "lerp", "even")
MAX_KEYS = 12
FRAMES = (12, 240)  # fewest and most on the page; the command line makes longer ones
CORNERS = (3, 15)  # smallest and largest grid between four corners


@dataclasses.dataclass(frozen=True)
class Morph:
    """A walk from seed to seed."""

    seeds: tuple[int, ...] = (0, 1, 2, 3)
    mode: str = "slerp"
    frames: int = 72
    loop: bool = True
    fps: int = 18
    truncation: float = 1.0

    def with_key(self, at: int, seed: int) -> "Morph":
        """The morph with one keyframe's seed changed."""
        return dataclasses.replace(self, seeds=(*self.seeds[:at], seed, *self.seeds[at + 1 :]))

    def swapped(self, at: int, other: int) -> "Morph":
        """The morph with two keyframes in each other's place."""
        seeds = list(self.seeds)
        seeds[at], seeds[other] = seeds[other], seeds[at]
        return dataclasses.replace(self, seeds=tuple(seeds))

    def without(self, at: int) -> "Morph":
        """The morph without one keyframe; two always stay."""
        seeds = self.seeds[:at] + self.seeds[at + 1 :]
        return dataclasses.replace(self, seeds=seeds) if len(seeds) >= 2 else self

    def added(self, seed: int) -> "Morph":
        """The morph with one more keyframe at the end."""
        return dataclasses.replace(self, seeds=(*self.seeds, seed)) if len(self.seeds) < MAX_KEYS else self

    def params(self) -> dict[str, str | None]:
        """The morph as URL parameters; None for what is at its default."""
        plain = Morph()
        return {
            "seeds": "_".join(map(str, self.seeds)),
            "mode": None if self.mode == plain.mode else self.mode,
            "frames": None if self.frames == plain.frames else str(self.frames),
            "loop": None if self.loop else "0",
            "fps": None if self.fps == plain.fps else str(self.fps),
            "truncation": None if self.truncation == plain.truncation else f"{self.truncation:g}",
        }

    @classmethod
    def from_params(cls, params: Mapping[str, str]) -> "Morph":
        """Read what `params` wrote; whatever can't be meant is left at its default."""
        plain = cls()
        mode = params.get("mode", plain.mode)
        return cls(
            seeds=read_seeds(params.get("seeds", ""), 2, MAX_KEYS) or plain.seeds,
            mode=mode if mode in MODES else plain.mode,
            frames=address.whole(params, "frames", *FRAMES, plain.frames),
            loop=params.get("loop", "1") != "0",
            fps=address.whole(params, "fps", 1, 50, plain.fps),
            truncation=address.number(params, "truncation", 0, 2, plain.truncation),
        )


@dataclasses.dataclass(frozen=True)
class Corners:
    """A square of pictures between four seeds: top left, top right, bottom left, bottom right."""

    seeds: tuple[int, ...] = (0, 1, 2, 3)
    n: int = 7
    truncation: float = 1.0

    def params(self) -> dict[str, str | None]:
        """The square as URL parameters; None for what is at its default."""
        plain = Corners()
        return {
            "corners": None if self.seeds == plain.seeds else "_".join(map(str, self.seeds)),
            "n": None if self.n == plain.n else str(self.n),
        }

    @classmethod
    def from_params(cls, params: Mapping[str, str]) -> "Corners":
        """Read what `params` wrote; whatever can't be meant is left at its default."""
        plain = cls()
        seeds = read_seeds(params.get("corners", ""), 4, 4) or plain.seeds
        return cls(seeds, address.whole(params, "n", *CORNERS, plain.n))


def read_seeds(text: str, fewest: int, most: int) -> tuple[int, ...]:
    """`3_14_15` -> (3, 14, 15); empty if there are too few or too many, or one is no seed."""
    seeds = [address.read_whole(part) for part in text.split("_")]
    good = [seed for seed in seeds if seed is not None and seed <= MAX_SEED]
    return tuple(good) if len(good) == len(seeds) and fewest <= len(good) <= most else ()


def keys_z(seeds: tuple[int, ...], truncation: float, config: "Config") -> "torch.Tensor":
    """One z per seed, (K, z_dim)."""
    from dcgan import latent

    return latent.truncate(latent.z_from_seeds(seeds, config.z_dim, config.z_prior), truncation)


def keyframes_of(generator: "Generator", seeds: tuple[int, ...], truncation: float) -> np.ndarray:
    """The pictures of the seeds, uint8 (K, H, W[, 3])."""
    from dcgan.render import render

    return render(generator, keys_z(seeds, truncation, generator.config))


def frames_of(generator: "Generator", morph: Morph) -> np.ndarray:
    """The frames of a morph, uint8 (frames, H, W[, 3]); raises BadInput if it has fewer frames than keyframes."""
    from dcgan import latent
    from dcgan.render import render

    if morph.mode not in MODES:
        raise BadInput(f"mode must be one of {', '.join(MODES)}, not {morph.mode!r}.")
    keys = keys_z(morph.seeds, morph.truncation, generator.config)
    if morph.mode == "even":
        z = latent.even_path(keys, morph.frames, lambda z: render(generator, z), loop=morph.loop)
    else:
        z = latent.path(keys, morph.frames, morph.mode, morph.loop)
    return render(generator, z)


def corners_of(generator: "Generator", corners: Corners) -> np.ndarray:
    """The pictures between four corners, row by row, uint8 (n * n, H, W[, 3]): slerp down both sides, then across."""
    import torch

    from dcgan import latent
    from dcgan.render import render

    top_left, top_right, bottom_left, bottom_right = keys_z(corners.seeds, corners.truncation, generator.config)
    t = torch.linspace(0, 1, corners.n)
    left, right = latent.slerp(top_left, bottom_left, t), latent.slerp(top_right, bottom_right, t)  # (n, z_dim)
    rows = [latent.slerp(a, b, t) for a, b in zip(left, right, strict=True)]
    return render(generator, torch.cat(rows))


def morph_file(kind: str, frames: np.ndarray, morph: Morph, run: Run, opened: "Opened", factor: int) -> bytes:
    """A morph as the bytes of a gif, webp or png (all frames in one strip), enlarged, with its recipe inside."""
    from dcgan import images

    recipe = origin(run, opened) | dataclasses.asdict(morph) | {"seeds": list(morph.seeds), "enlarged": factor}
    large = frames.repeat(factor, axis=1).repeat(factor, axis=2)
    if kind == "png":
        return images.png_bytes(images.film_strip(large, len(large), gap=2 * factor), recipe)
    encode = {"gif": images.gif_bytes, "webp": images.webp_bytes}[kind]
    return encode(large, morph.fps, True, recipe)


def corners_file(pictures: np.ndarray, corners: Corners, run: Run, opened: "Opened", factor: int) -> bytes:
    """A square of pictures as a PNG file, enlarged, with its recipe inside."""
    from dcgan import images

    recipe = origin(run, opened) | {"corners": list(corners.seeds), "n": corners.n, "truncation": corners.truncation}
    sheet = images.upscale(images.grid(pictures, corners.n), factor)
    return images.png_bytes(sheet, recipe | {"enlarged": factor})


def origin(run: Run, opened: "Opened") -> dict[str, Any]:
    """Which weights made a picture."""
    return {"run": run.id, "step": opened.step, "weights_hash": opened.weights_hash}
