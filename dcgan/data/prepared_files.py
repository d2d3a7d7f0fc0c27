"""What a prepared array was made of, by the list beside it; light (no torch)."""

import contextlib
import json
from pathlib import Path

from dcgan.data.decode_workers import Shape
from dcgan.data.prepared import key_of
from dcgan.errors import BadInput


def files_of_rows(fingerprint: str, shape: Shape, folder: Path, num_test: int = 0) -> list[str]:
    """The picture file of each row of an array; raises BadInput where the list is gone or damaged."""
    path = folder / f"{key_of(fingerprint, shape, num_test)}.files"
    try:
        lines = map(json.loads, path.read_text().splitlines())
        return [name for name, _, reason in lines if not reason]
    except (OSError, ValueError):
        array = path.with_suffix(".npy")
        raise BadInput(f"{path} is missing or damaged: remove {array}, and both are made again.") from None


def known_files(fingerprint: str, folder: Path) -> dict[str, str] | None:
    """The digest of each picture file of a data set that was prepared once, at any size; None if it never was."""
    for path in sorted(folder.glob(f"{fingerprint}-*.files")):
        with contextlib.suppress(OSError, ValueError):
            return {name: digest for name, digest, _ in map(json.loads, path.read_text().splitlines())}
    return None
