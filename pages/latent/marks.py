"""What a person likes and dislikes of a run's pictures: marked samples, for as long as the tab is open."""

import streamlit as st

from dcgan.runs.run import Run
from pages.latent import samples

LIKE, DISLIKE = "like", "dislike"
KINDS = [(LIKE, "up", "Like"), (DISLIKE, "down", "Dislike")]
FEWEST = 3  # of each, for their means to say anything
_MARKS = "explore-taste"  # run id -> sample -> mark


def marks(run: Run) -> dict[str, str]:
    """The marked samples, in the order in which they were marked."""
    all_runs = st.session_state.setdefault(_MARKS, {})
    if "" in all_runs:  # from an address that names no run
        all_runs[run.id] = all_runs.pop("")
    return all_runs.setdefault(run.id, {})


def of(run: Run, mark: str) -> list[str]:
    """The samples with one mark."""
    return [sample for sample, its in marks(run).items() if its == mark]


def enough(run: Run) -> bool:
    """Whether there is a direction to be made."""
    return min(len(of(run, LIKE)), len(of(run, DISLIKE))) >= FEWEST


def lacking(run: Run) -> str:
    """What is still to be marked, as a sentence; empty if there is enough."""
    missing = {word: FEWEST - len(of(run, mark)) for word, mark in (("like", LIKE), ("dislike", DISLIKE))}
    parts = [f"{n} more that you {word}" for word, n in missing.items() if n > 0]
    return f"Mark {' and '.join(parts)}: a direction needs at least {FEWEST} of each." if parts else ""


def change(run: Run, changes: dict[str, str | None]) -> None:
    """Take over what was marked on a wall."""
    now = marks(run)
    for sample, mark in changes.items():
        if mark is None:
            now.pop(sample, None)
        elif samples.read(sample) and now.get(sample) != mark and (sample in now or len(now) < 2 * samples.MOST):
            now.pop(sample, None)
            now[sample] = mark


def params(run: Run) -> dict[str, str | None]:
    """The marks as URL parameters."""
    return {"liked": samples.written(of(run, LIKE)), "disliked": samples.written(of(run, DISLIKE))}


def arrive(run_id: str, given: dict[str, str]) -> None:
    """The marks from the URL, if it has any."""
    found = {mark: samples.read(given.get(name, "")) for name, mark in (("liked", LIKE), ("disliked", DISLIKE))}
    if any(found.values()):
        all_runs = st.session_state.setdefault(_MARKS, {})
        all_runs[run_id] = {sample: mark for mark, those in found.items() for sample in those}
