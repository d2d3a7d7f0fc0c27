"""What was measured, kept for the next look."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import streamlit as st

if TYPE_CHECKING:
    from dcgan.metrics.pixels import Pairs
    from dcgan.models import Generator

SHOWN = 12  # pairs in a row


class Evaluation(NamedTuple):
    """What the page shows: the report, all distances, and a few pairs of each kind."""

    report: dict[str, Any]
    fake_distances: np.ndarray  # (n,)
    real_distances: np.ndarray | None
    closest: dict[str, "Pairs | None"]
    first: dict[str, "Pairs | None"]  # those of the first seeds: no choice was made


@st.cache_resource(max_entries=16, show_spinner=False)
def evaluation(run_id: str, weights: str, n: int, seed: int, _generator: "Generator") -> Evaluation:
    """Measure once per run, weights hash, n and seed; shared by every visitor, never changed."""
    from dcgan.metrics.pixels import measure

    measured = measure(_generator, n, seed)
    pairs = {"fakes": measured.fakes, "test": measured.held_out}
    return Evaluation(
        measured.report,
        measured.fakes.distances,
        measured.held_out.distances if measured.held_out else None,
        {name: kind and kind.closest(SHOWN) for name, kind in pairs.items()},
        {name: kind and kind.take(list(range(min(SHOWN, len(kind.distances))))) for name, kind in pairs.items()},
    )
