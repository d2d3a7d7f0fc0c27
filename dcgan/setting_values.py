"""One setting: how a field of the Config is declared, and what its value must be."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any

from dcgan.errors import BadInput
from dcgan.system.names import is_text

MAX_TEXT = 4096  # characters: a path, at most


def setting(
    default: Any,
    help: str,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[Any, ...] = (),
    *,
    group: str = "",
    live: bool = False,
    forkable: bool = True,
    own: bool = True,
    label: str = "",
) -> Any:
    """Declare a field with its meaning, its allowed range, both ends included, and all that others must know of it.

    `group` is the heading that it stands under on the Train page, none for what is set elsewhere. A `live` one may
    change while a run trains; one that is not `forkable` is what saved weights, optimisers and streams of randomness
    were made for. What is not `own` follows from the rest and is no choice of a person's. `label` is its name in plain
    words.
    """
    told = {"help": help, "low": low, "high": high, "choices": choices, "group": group, "label": label}
    return dataclasses.field(default=default, metadata=told | {"live": live, "forkable": forkable, "own": own})


def checked(field: dataclasses.Field[Any], value: Any) -> Any:
    """Return the value in the field's type, or raise BadInput naming the field."""
    convert, noun = _KINDS[type(field.default)]
    try:
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise ValueError
        value = convert(value)
    except (ValueError, OverflowError):
        raise BadInput(f"{field.name} must be {noun}, not {shown(value)}.") from None
    if isinstance(value, str) and not is_text(value, MAX_TEXT):
        raise BadInput(f"{field.name} must be a text of at most {MAX_TEXT:,} characters, not {shown(value)}.")
    low, high, choices = (field.metadata[key] for key in ("low", "high", "choices"))
    if choices and value not in choices:
        raise BadInput(f"{field.name} must be one of {', '.join(map(str, choices))}, not {shown(value)}.")
    if low is not None and value < low:
        raise BadInput(f"{field.name} must be at least {low}, not {shown(value)}.")
    if high is not None and value > high:
        raise BadInput(f"{field.name} must be at most {high}, not {shown(value)}.")
    return value


def _finite(value: str | int | float) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError
    return number


def _whole(value: str | int | float) -> int:
    number = int(value)  # raises for NaN and infinity
    if isinstance(value, float) and number != value:
        raise ValueError
    return number


_KINDS: dict[type, tuple[Callable[[Any], Any], str]] = {
    str: (str, "text"),
    int: (_whole, "a whole number"),
    float: (_finite, "a number"),
}


def shown(value: Any) -> str:
    """A value as the end of a sentence, on one line and short."""
    try:
        text = repr(value)
    except ValueError:  # a whole number of more than 4300 digits
        return "a number that long"
    return text if len(text) <= 60 else f"{text[:60]}…"
