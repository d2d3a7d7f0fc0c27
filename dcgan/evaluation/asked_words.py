"""What `asked.as_asked` found, in words; light (no torch)."""

from typing import Any


def weakest(asked: dict[str, Any]) -> tuple[str, float] | None:
    """The class that is farthest from real ones, in floors of its own; None where no class has a distance."""
    rows = zip(asked["names"], asked["distances"], asked["floors"], strict=True)
    far = {name: distance / floor for name, distance, floor in rows if distance is not None and floor}
    return max(far.items(), key=lambda pair: pair[1]) if far else None


def in_words(asked: dict[str, Any]) -> str:
    """How often it is what was asked for, and which class is the weakest, in a sentence or two."""
    own, real = asked["named_as_asked"], asked["real_named_right"]
    said = f"{own:.0%} of the fakes are named as the class that was asked for; of real pictures {real:.0%} are."
    far = weakest(asked)
    if far is None:
        return said
    return f"{said} The weakest class is {far[0]}, at {far[1]:.1f} times the distance of real ones."
