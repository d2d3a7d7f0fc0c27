"""What a run keeps on the disk, in words."""

import streamlit as st

from dcgan.errors import BadInput
from dcgan.runs.run import Run
from dcgan.system.files import bytes_in
from pages.common.words import size


def words(run: Run) -> str:
    """Training states against their budget, generators and sample grids, each with its number and size."""
    try:
        budget = f" of {size(int(run.config.max_states_mb * 1e6))}"
    except BadInput:
        budget = ""
    parts = []
    for noun, folder, count, limit in (
        ("state", "states", len(run.kept_states()), budget),
        ("generator", "snapshots", len(run.snapshots()), ""),
        ("sample grid", "samples", len(run.samples()), ""),
    ):
        if count:
            parts.append(f"{count:,} {noun}{'s' * (count != 1)} {_size(run, folder)}{limit}")
    return f"Kept: {' · '.join(parts)}" if parts else ""


def _size(run: Run, folder: str) -> str:
    try:
        return size(_bytes(str(run.path / folder), (run.path / folder).stat().st_mtime_ns))
    except OSError:
        return size(0)


@st.cache_data(max_entries=300, show_spinner=False)
def _bytes(folder: str, modified: int) -> int:
    from pathlib import Path

    return bytes_in(Path(folder))
