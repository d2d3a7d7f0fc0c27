"""What a person noted about a run: notes.md in its folder, plain text of a few kB; light (no torch)."""

from pathlib import Path

from dcgan.errors import BadInput
from dcgan.runs.run import Run
from dcgan.system.files import publish, read_regular

MOST_BYTES = 4000


def path_of(run: Run) -> Path:
    return run.path / "notes.md"


def read(run: Run) -> str:
    """The note of a run; empty where there is none, or where the file is no text of at most MOST_BYTES."""
    try:
        return clean(read_regular(path_of(run), MOST_BYTES).decode())
    except (OSError, UnicodeDecodeError):
        return ""


def write(run: Run, text: str) -> None:
    """Put a note in place of the one before; an empty one removes the file.

    Raises BadInput for one that is longer than MOST_BYTES, or where the folder can't be written to.
    """
    content = clean(text).encode()
    if len(content) > MOST_BYTES:
        raise BadInput(f"The note has {len(content):,} bytes, and there is room for {MOST_BYTES:,}: shorten it.")
    try:
        if content:
            publish(path_of(run), content + b"\n", sync=False)
        else:
            path_of(run).unlink(missing_ok=True)
    except OSError as error:
        raise BadInput(f"Run {run.id} can't be written to ({error.strerror}).") from None


def first_line(run: Run, most: int = 80) -> str:
    """The beginning of a run's note, at most so many characters."""
    line = read(run).partition("\n")[0]
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def clean(text: str) -> str:
    """The text without what can't be seen or shown: other ends of lines, control characters, halves of characters."""
    text = text.encode("utf-8", "ignore").decode().replace("\r\n", "\n").replace("\r", "\n")
    return "".join(char for char in text if char.isprintable() or char in "\n\t").strip()
