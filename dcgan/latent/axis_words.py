"""Axes in words, and as the laboratory takes them; light enough for a page (no torch)."""

import base64
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dcgan.latent.directions import Axis

NAMED, PLAIN, LIKED = "named", "dimensions", "liked"
KINDS = {  # kind -> (letters of its sliders, label, what it is)
    NAMED: ("ak", "Named", "Each slider leads to what it says."),
    LIKED: ("l", "Liked", "From what you disliked to what you liked, as marked under Likes."),
    "components": ("c", "Components", "Along what the first layer's output varies most (GANSpace)."),
    "weights": ("w", "SeFa", "Along what the first layer's weights stretch most."),
    "random": ("r", "Random", "Directions by chance, which the others have to beat."),
    PLAIN: ("", "Raw numbers", "The numbers of z themselves."),
}


def told(axis: "Axis") -> str:
    """An axis in words: what its slider's help says."""
    effects = [
        f"{effect} {value:+.1f}" for effect, value in sorted(axis.effects.items(), key=lambda pair: -abs(pair[1]))
    ]
    told = f"{axis.name}: changes the picture by {axis.strength:.1f} of 255 grey levels per standard deviation, "
    told += f"{100 * axis.evenness:.0f} % even along the way. In what pictures usually differ by: {', '.join(effects)}."
    return f"{told} Leads toward {axis.toward}." if axis.toward and "toward" not in axis.name else told


def rows(axes: "Sequence[Axis]") -> list[list[Any]]:
    """Axes as a kind's sliders, in order: [id, name, strength, help]."""
    return [[axis.id, axis.name, round(axis.strength, 2), told(axis)] for axis in axes]


def packed(axes: "Sequence[Axis]", spread: float) -> dict[str, str]:
    """Axis -> what one standard deviation, `spread` in z, along it adds to z: float32 in base64."""
    return {axis.id: base64.b64encode((spread * axis.direction).numpy().tobytes()).decode() for axis in axes}


def facts(axes: "Mapping[str, Sequence[Axis]]", spread: float, kind: str = NAMED) -> dict[str, Any]:
    """Axes of several kinds for a laboratory that has nobody to ask; `kind` is the one that it begins with."""
    there = {name: listed for name, listed in axes.items() if listed}
    return {
        "kind": kind if kind in {PLAIN, *there} else next(iter(there), PLAIN),
        "kinds": [[name, *words] for name, (_, *words) in KINDS.items() if name == PLAIN or name in there],
        "rows": {name: rows(listed) for name, listed in there.items()},
        "directions": {id: vector for listed in there.values() for id, vector in packed(listed, spread).items()},
    }
