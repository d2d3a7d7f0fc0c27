"""Where the project lies, and what the studio keeps of pictures."""

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def data_dir() -> Path:
    """The folder of what a user adds and uploads, and of the cache."""
    return Path(os.environ.get("DCGAN_DATA") or PROJECT / "data")
