"""Numbers, times and states in words a person reads at a glance."""

import re
import time

from dcgan.runs.records import Status
from dcgan.runs.run import Run

STATES = {  # state -> (word, icon, badge colour)
    "created": ("new", ":material/fiber_new:", "gray"),
    "starting": ("starting", ":material/hourglass_top:", "blue"),
    "running": ("training", ":material/play_arrow:", "orange"),
    "paused": ("paused", ":material/pause:", "yellow"),
    "finished": ("finished", ":material/check:", "green"),
    "stopped": ("stopped", ":material/stop:", "gray"),
    "failed": ("failed", ":material/error:", "red"),
    "interrupted": ("interrupted", ":material/power_off:", "red"),
    "stalled": ("not answering", ":material/warning:", "red"),
}

# where a bare address begins: Markdown links it however it is escaped, but not across an invisible joint
ADDRESS = re.compile(r"https?:(?=//)|www(?=\.)|@(?=[\w-]+\.)", re.IGNORECASE)

MINUTE, HOUR, DAY = 60, 3600, 86400
# unit, its seconds, and from when on the next one is used: those of Streamlit's columns of dates
AGES = (
    *(("minute", MINUTE, 45 * MINUTE), ("hour", HOUR, 22 * HOUR), ("day", DAY, 26 * DAY)),
    ("month", 30.4 * DAY, 548 * DAY),
)


def state_word(status: Status) -> str:
    """The state in a word, also one that only a later version knows."""
    return STATES[status.state][0] if status.state in STATES else status.state


def badge(status: Status) -> str:
    """The state as a coloured badge in Markdown."""
    _, icon, colour = STATES.get(status.state, ("", ":material/help:", "gray"))
    return f":{colour}-badge[{icon} {escaped(state_word(status))}]"


def age(run: Run) -> str:
    """How long ago the run was made, as roughly as the shelf says it."""
    seconds = time.time() - run.created()
    for unit, length, until in AGES:
        if seconds < until:
            number = max(1, round(seconds / length))
            return f"{number} {unit}{'s' * (number > 1)} ago"
    return "years ago"


def size(num_bytes: int) -> str:
    """3.2 MB and the like."""
    for unit in ("B", "kB", "MB"):
        if num_bytes < 1000:
            return f"{num_bytes:.0f} {unit}" if unit == "B" else f"{num_bytes:.1f} {unit}"
        num_bytes = num_bytes / 1000  # type: ignore[assignment]
    return f"{num_bytes:.1f} GB"


def sentence(text: str) -> str:
    """One of our own messages inside Markdown: a word or more between backticks is code, all else is text.

    Backticks inside a word, a path or quotes belong to a person's name for something.
    """
    parts = re.split(r"(?<![^\s(])`([^`\n]+)`(?![\w`])", text)
    return "".join(f"`{part}`" if i % 2 else escaped(part) for i, part in enumerate(parts))


def escaped(text: str) -> str:
    """A person's text, safe inside Markdown: nothing in it is formatting, and no bare address in it becomes a link."""
    text = re.sub(ADDRESS, "\\g<0>\u2060", text)
    return "".join(f"\\{char}" if char in "\\`*_{}[]()#+-.!|~$:<>&" else char for char in text)
