"""What can be done to a run from its shelf: take it up again, train it further, delete it."""

from dcgan.config import NO_END, Config
from dcgan.errors import BadInput
from dcgan.runs import launch, live_settings
from dcgan.runs.kept_states import can_go_on
from dcgan.runs.records import Status
from dcgan.runs.run import Run
from dcgan.runs.throughput import is_over

LOG_BYTES = 4000


def end_in_words(config: Config) -> str:
    """Where training ends, to follow "The run ends": its steps, its minutes, or whichever comes first."""
    minutes = f"after {config.num_minutes:g} minutes of training" if config.num_minutes else ""
    steps = f"at step {config.num_steps:,}" if config.num_steps < NO_END or not minutes else ""
    return " or ".join(part for part in (steps, minutes) if part)


def share_done(config: Config, status: Status) -> float:
    """How much of its steps, or of its minutes where those end it sooner, a run has trained, from 0 to 1."""
    minutes = status.time_s / (60 * config.num_minutes) if config.num_minutes else 0.0
    return min(1.0, max(status.step / config.num_steps, minutes))


def can_resume(run: Run, status: Status) -> bool:
    """Whether Resume would train at least one step."""
    if status.state in launch.ACTIVE or not can_go_on(run):
        return False
    now = live_settings.in_force(run)
    return status.step < now.num_steps and not is_over(now.num_minutes, status.time_s)


def why_not_further(run: Run, status: Status) -> str:
    """Why the end of training can't be moved and training go on from there, in one sentence; empty if it can."""
    if status.state in launch.ACTIVE:
        return "It is in training: stop it first."
    if not can_go_on(run):
        return "It came without its training state (state.pt), so it can't go on; its generator is all yours."
    return ""


def train_further(run: Run, num_steps: int) -> None:
    """Move the end of training to a step, whatever its minutes were, and start.

    Raises BadInput, with the old end back in place, if it can't start.
    """
    run.config.replace(num_steps=num_steps)  # refuses what no run could have
    before = run.control()
    run.change(num_steps=num_steps, **({"num_minutes": 0.0} if live_settings.in_force(run).num_minutes else {}))
    try:
        launch.start(run)
    except BadInput:
        run.change(num_steps=before.num_steps, num_minutes=before.num_minutes)
        raise


def end_of_log(run: Run) -> str:
    """The newest lines of the run's log.txt, at most LOG_BYTES of them; empty where there is none."""
    try:
        with open(run.log_path, "rb") as log:
            log.seek(max(0, log.seek(0, 2) - LOG_BYTES))
            text = log.read(LOG_BYTES).decode(errors="replace")
    except OSError:
        return ""
    return text if len(text) < LOG_BYTES else text.partition("\n")[2]


def delete(run: Run) -> None:
    """Remove the run from the disk; raises BadInput if a process trains it or the disk refuses."""
    if launch.observe(run).state in launch.ACTIVE:
        raise BadInput(f"{run.name} is in training: stop it first, then delete it.")
    if run.path.exists():  # nobody was quicker
        run.delete()
