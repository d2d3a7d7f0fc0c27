"""The fields with which a run is changed or forked: how fast each player learns, and the rest in plain words."""

from collections.abc import Iterable
from typing import Any

import streamlit as st

from dcgan.config import Config, describe, label_of
from pages.common.widgets import setting

RATES = ("lr_g", "lr_d")  # of each player
FACTORS = (0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10)  # of the rate as it is


def speeds(now: Config, key: str) -> dict[str, float]:
    """A slider for each player's learning rate, in the middle as it is; the chosen rates by name."""
    return {name: _speed(name, getattr(now, name), f"{key}-{name}") for name in RATES}


def rest(values: dict[str, Any], key: str) -> dict[str, Any]:
    """A field for each of these settings, filled with its value; what they hold by name, empty ones left out."""
    fields = {
        name: setting(st, name, value, f"{key}-{name}-{value}", label_of(name))  # type: ignore[arg-type]
        for name, value in values.items()
    }
    return {name: value for name, value in fields.items() if value is not None}


def rates(now: float) -> list[float]:
    """The learning rates to choose from, from a tenth to ten times what it is, as round as that one."""
    low, high = (Config.__dataclass_fields__["lr_g"].metadata[end] for end in ("low", "high"))
    found: Iterable[float] = (now if factor == 1 else float(f"{now * factor:.2g}") for factor in FACTORS)
    return [rate for rate in found if low <= rate <= high]


def spoken(rate: float, now: float) -> str:
    """A rate beside the one that holds now: 2 times (0.0004)."""
    number = f"{rate:.6f}".rstrip("0") if 1e-6 <= rate < 1 else f"{rate:g}"
    if rate == now:
        return f"unchanged ({number})"
    times = rate / now
    return f"{times:.2g} times ({number})"


def _speed(name: str, now: float, key: str) -> float:
    return st.select_slider(
        label_of(name),
        rates(now),
        now,
        format_func=lambda rate: spoken(rate, now),
        key=f"{key}-{now}",
        help=f"**{name}**: {describe(name)}",
    )
