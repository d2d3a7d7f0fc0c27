"""CIFAR-10 and CIFAR-100 as their binary versions hold them (Krizhevsky 2009): labels and pixels in turn; no torch."""

from pathlib import Path

import numpy as np

from dcgan.errors import BadInput

PIXELS = 3 * 32 * 32
VERSIONS = (  # first file, all files of the training pictures, bytes of labels in front of each, names of the last
    ("data_batch_1.bin", "data_batch_*.bin", 1, "batches.meta.txt"),
    ("train.bin", "train.bin", 2, "fine_label_names.txt"),
)


def is_one(folder: Path) -> bool:
    """Whether a folder is one of the two sets."""
    return any((folder / first).is_file() and (folder / names).is_file() for first, _, _, names in VERSIONS)


def files(folder: Path) -> list[Path]:
    """Those that are read: the pictures', in order, then that of the names."""
    _, pattern, _, names = _version(folder)
    return [*sorted(folder.glob(pattern)), folder / names]


def read(folder: Path) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Training pictures (N, 3, 32, 32) and labels (N,), both uint8, and the classes' names; raises BadInput."""
    skip = _version(folder)[2]
    *parts, names = files(folder)
    records = []
    for part in parts:
        content = np.fromfile(part, np.uint8)
        if not len(content) or len(content) % (skip + PIXELS):
            raise BadInput(f"{part} is damaged: put the original file there again.")
        records.append(content.reshape(-1, skip + PIXELS))
    whole = np.concatenate(records)
    words = names.read_text(encoding="utf-8", errors="replace").split()
    return whole[:, skip:].reshape(-1, 3, 32, 32), whole[:, skip - 1], words


def _version(folder: Path) -> tuple[str, str, int, str]:
    return next(version for version in VERSIONS if (folder / version[0]).is_file())
