"""Reports for the page: read from the runs, or made now with a bar that shows how far it is."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import streamlit as st

from dcgan.errors import BadInput
from dcgan.judges import training_process
from dcgan.runs.run import Run
from pages.common import address, visitors
from pages.common.loading import Opened, modified, open_at

NUMBERS = (1000, 2000, 5000, 10_000)
N_KEY = "evaluate-n"
NOT_MEASURED = "Not measured yet with this number of pictures: another number, step or run may be."  # for who can't


class Wanted(NamedTuple):
    """One generator to be measured."""

    run: Run
    step: int | None  # None is the newest

    @property
    def opened(self) -> Opened:
        return open_at(self.run, self.step)

    @property
    def title(self) -> str:
        return self.run.name if self.step is None else f"{self.run.name}, step {self.step:,}"


def pick_n() -> int:
    """How many fakes; in the URL, too."""
    if address.just_arrived(N_KEY):
        asked = address.read_whole(st.query_params.get("n", ""))
        st.session_state[N_KEY] = asked if asked in NUMBERS else NUMBERS[0]
    help = "So many fakes. More takes longer and is surer; compare figures only at the same number."
    n = st.selectbox(
        "Pictures",
        NUMBERS,
        NUMBERS.index(st.session_state[N_KEY]),
        format_func=lambda n: f"{n:,}",
        help=help,
        key=N_KEY,
    )
    address.write({"n": None if n == NUMBERS[0] else str(n)})
    return n


def kept(wanted: Wanted, n: int) -> dict[str, Any] | None:
    """The report that the run already has of these very weights, or None; raises BadInput without a generator."""
    marks = (_newest(wanted.run), _judge_made(wanted.run))
    return _kept(str(wanted.run.path), wanted.step, modified(wanted.run, wanted.step), n, marks)


@st.cache_data(max_entries=200, show_spinner=False)
def _kept(run_path: str, step: int | None, modified: int, n: int, marks: tuple[int, int]) -> dict[str, Any] | None:
    from dcgan.evaluation.report import kept_report

    run = Run(run_path)
    return kept_report(run, open_at(run, step).generator, n)


def _newest(run: Run) -> int:
    """When the run's list of reports last changed, in nanoseconds."""
    try:
        return (run.path / "evaluations").stat().st_mtime_ns
    except OSError:
        return 0


def _judge_made(run: Run) -> int:
    """When a judge of its own was trained for the run's data, in nanoseconds; 0 without one."""
    try:
        return training_process.path_for(run.config).stat().st_mtime_ns
    except (OSError, BadInput):
        return 0


def measure(all_wanted: list[Wanted], n: int) -> Iterator[tuple[Wanted, dict[str, Any]]]:
    """Measure one after the other, under one bar; each report is kept as soon as it is there."""
    from dcgan.evaluation.report import evaluate_run

    visitors.check()
    bar, remark = st.progress(0.0, text="Beginning …"), st.empty()
    remark.caption("Leaving this page, or changing a choice on it, stops the measuring.")
    for number, wanted in enumerate(all_wanted):

        def show(share: float, doing: str, number: int = number, wanted: Wanted = wanted) -> None:
            which = f" · {number + 1} of {len(all_wanted)}" if len(all_wanted) > 1 else ""
            bar.progress((number + share) / len(all_wanted), text=f"{doing} …{which}")

        yield wanted, evaluate_run(wanted.run, wanted.opened.generator, n, progress=show)
    bar.empty()
    remark.empty()


def show_kept(wanted: Wanted, n: int) -> None:
    """Draw the page anew from what is now kept; a run that can't be written to keeps nothing and is drawn as it is."""
    if kept(wanted, n) is not None:
        st.rerun()
