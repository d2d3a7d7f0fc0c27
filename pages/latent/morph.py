"""A morph, and a square between four corners, as plain values; morphs.js does the same in the browser."""

import dataclasses
from collections.abc import Mapping, Sequence

from dcgan.provenance.fields import MODES
from pages.common import address
from pages.latent.view import MAX_SEED, View, read_label

MAX_KEYS = 12
FRAMES = (12, 240)  # fewest and most on the page; the command line makes longer ones
PER_SIDE = (3, 15)  # smallest and largest grid between four corners
NOT_SEEN = {"seed", "distance", "around", "locked"}  # what of a view isn't needed beside its seed to draw it


def keys_of(*seeds: int) -> tuple[View, ...]:
    """Seeds as keyframes."""
    return tuple(map(View, seeds))


def key_text(view: View) -> str:
    """What a keyframe has beyond its seed, as in `walk:25.0.4;truncation:0.5`; empty for none."""
    return ";".join(f"{name}:{text}" for name, text in view.params().items() if text and name not in NOT_SEEN)


def read_key(seed: int, text: str) -> View:
    """The keyframe of a seed and what `key_text` wrote; whatever can't be meant is left at its default."""
    pairs = [part.split(":") for part in text.split(";")]
    params = {pair[0]: pair[1] for pair in pairs if len(pair) == 2 and pair[0] not in NOT_SEEN}
    return View.from_params(params | {"seed": str(seed)})


def as_key(view: View) -> View:
    """The view without what only the laboratory around a picture needs."""
    return read_key(view.seed, key_text(view))


@dataclasses.dataclass(frozen=True)
class Morph:
    """A walk from keyframe to keyframe."""

    keys: tuple[View, ...] = keys_of(0, 1, 2, 3)
    mode: str = "slerp"
    frames: int = 72
    loop: bool = True
    fps: int = 18
    truncation: float = 1.0

    @property
    def seeds(self) -> list[int]:
        """The keyframes' seeds."""
        return [key.seed for key in self.keys]

    def added(self, key: View) -> "Morph":
        """The morph with one more keyframe at the end, while there is room."""
        return dataclasses.replace(self, keys=(*self.keys, as_key(key))) if len(self.keys) < MAX_KEYS else self

    def params(self) -> dict[str, str | None]:
        """The morph as URL parameters; None for what is at its default."""
        plain = Morph()
        texts = [key_text(key) for key in self.keys] + [""] * (MAX_KEYS - len(self.keys))
        return {
            "seeds": "_".join(map(str, self.seeds)),
            **{f"key{number}": text or None for number, text in enumerate(texts, 1)},
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
        seeds = read_seeds(params.get("seeds", ""), 2, MAX_KEYS)
        return cls(
            keys=tuple(read_key(seed, params.get(f"key{number}", "")) for number, seed in enumerate(seeds, 1))
            or plain.keys,
            mode=mode if mode in MODES else plain.mode,
            frames=address.whole(params, "frames", *FRAMES, plain.frames),
            loop=params.get("loop", "1") != "0",
            fps=address.whole(params, "fps", 1, 50, plain.fps),
            truncation=address.number(params, "truncation", 0, 2, plain.truncation),
        )


@dataclasses.dataclass(frozen=True)
class Corners:
    """A square of pictures between four seeds (top left, top right, bottom left, bottom right) and a point in it.

    Of a model that knows classes each corner shows the class of its seed, or the one of its label.
    """

    seeds: tuple[int, ...] = (0, 1, 2, 3)
    n: int = 7
    at: tuple[float, float] = (0.5, 0.5)  # shares of the way across and down
    truncation: float = 1.0
    labels: tuple[int | None, ...] = (None,) * 4

    def params(self) -> dict[str, str | None]:
        """The square as URL parameters; None for what is at its default."""
        plain = Corners()
        return {
            "corners": None if self.seeds == plain.seeds else "_".join(map(str, self.seeds)),
            "classes": labels_text(self.labels) if self.labels != plain.labels else None,
            "n": None if self.n == plain.n else str(self.n),
            "at": None if self.at == plain.at else "_".join(f"{share:g}" for share in self.at),
            "truncation": None if self.truncation == plain.truncation else f"{self.truncation:g}",
        }

    @classmethod
    def from_params(cls, params: Mapping[str, str]) -> "Corners":
        """Read what `params` wrote; whatever can't be meant is left at its default."""
        plain = cls()
        return cls(
            read_seeds(params.get("corners", ""), 4, 4) or plain.seeds,
            address.whole(params, "n", *PER_SIDE, plain.n),
            _read_point(params.get("at", "")) or plain.at,
            address.number(params, "truncation", 0, 2, plain.truncation),
            _read_labels(params.get("classes", "")),
        )


def labels_text(labels: Sequence[int | None]) -> str:
    """(3, 7, None, 1) -> `3_7__1`, one for each corner."""
    return "_".join("" if label is None else str(label) for label in labels)


def _read_labels(text: str) -> tuple[int | None, ...]:
    """`3_7__1` -> (3, 7, None, 1); None for what can't be a class, and for all where there aren't four."""
    labels = tuple(map(read_label, text.split("_")))
    return labels if len(labels) == 4 else Corners.labels


def read_seeds(text: str, fewest: int, most: int) -> tuple[int, ...]:
    """`3_14_15` -> (3, 14, 15); empty if there are too few or too many, or one is no seed."""
    seeds = [address.read_whole(part) for part in text.split("_")]
    good = [seed for seed in seeds if seed is not None and seed <= MAX_SEED]
    return tuple(good) if len(good) == len(seeds) and fewest <= len(good) <= most else ()


def _read_point(text: str) -> tuple[float, float] | None:
    """`0.25_0.75` -> (0.25, 0.75); None if it isn't a point of the square."""
    shares = [address.read_number(part) for part in text.split("_")]
    good = [share for share in shares if share is not None and 0 <= share <= 1]
    return (good[0], good[1]) if len(good) == len(shares) == 2 else None
