"""What people call things, as safe names of directories and on pages."""

import re


def slug(name: str) -> str:
    """A safe directory name: letters, digits and dashes, at most 60 characters."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower())[:60].strip("-")


def clean_name(name: str) -> str:
    """A person's name for a run, on one line, without invisible characters, at most 80 long."""
    visible = "".join(char for char in name if char.isprintable() or char.isspace())
    return " ".join(visible.split())[:80].rstrip()
