"""Pictures with their classes: MNIST, Fashion-MNIST, and folders or zips whose sub-folders are classes."""

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from dcgan import idx
from dcgan.config import BadInput
from dcgan.listing import class_of
from dcgan.metrics.classifier import FRAME, framed
from dcgan.pictures import decode, fit
from dcgan.prepared import MIN_FOR_TEST, held_out
from dcgan.sources import Source, class_names, pictures

MAX_CLASSES = 100
MAX_PICTURES = 20_000  # read from a folder or zip, chosen at random: enough to learn its classes
MIN_OF_CLASS = 20


class Labelled(NamedTuple):
    """Pictures in the frame, with their classes."""

    pictures: Tensor  # uint8 (N, C, 32, 32)
    labels: Tensor  # int64 (N,)


class Examples(NamedTuple):
    train: Labelled
    test: Labelled  # held out as `dcgan.data` holds them out
    class_names: tuple[str, ...]


def labelled(source: Source, channels: int) -> Examples:
    """All classes of a data set; raises BadInput where there are none, or too few pictures of them."""
    if source.kind == "idx":
        return Examples(_read_idx(source, "train"), _read_idx(source, "test"), class_names(source))
    with pictures(source) as (names, read):
        classes = classes_of(names)
        if len(classes) < 2:
            raise BadInput(
                f"{source.title} has no classes: put its pictures into two or more sub-folders, one for each class."
            )
        if len(classes) > MAX_CLASSES:
            raise BadInput(f"{source.title} has {len(classes)} sub-folders; at most {MAX_CLASSES} can be classes.")
        smallest = min(classes, key=lambda name: len(classes[name]))
        if len(classes[smallest]) < MIN_OF_CLASS or len(names) < MIN_FOR_TEST:
            raise BadInput(
                f"{source.title} has too few pictures to learn its classes: at least {MIN_OF_CLASS} in each sub-folder "
                f"({smallest!r} has {len(classes[smallest])}) and {MIN_FOR_TEST} in all are needed."
            )
        pairs = [(name, label) for label, name_of in enumerate(sorted(classes)) for name in classes[name_of]]
        pairs = random.Random(0).sample(pairs, min(len(pairs), MAX_PICTURES))
        test_names = held_out(names)

        def prepared(pair: tuple[str, int]) -> np.ndarray | None:
            try:
                return np.asarray(fit(decode(read, pair[0], FRAME), FRAME, channels))
            except ValueError:
                return None

        with ThreadPoolExecutor(8) as pool:  # Pillow decodes without the interpreter's lock
            found = list(pool.map(prepared, pairs))
    splits = []
    for is_test in (False, True):
        kept = [
            (picture, label)
            for picture, (name, label) in zip(found, pairs, strict=True)
            if picture is not None and (name in test_names) == is_test
        ]
        if not kept:
            raise BadInput(f"{source.title} has no readable pictures to learn its classes from.")
        labels = torch.tensor([label for _, label in kept])
        splits.append(Labelled(framed(np.stack([picture for picture, _ in kept]), channels, 0), labels))
    return Examples(splits[0], splits[1], tuple(sorted(classes)))


def classes_of(names: Sequence[str]) -> dict[str, list[str]]:
    """Relative paths by their class, see `dcgan.listing.class_of`; empty if any has none."""
    found: dict[str, list[str]] = {}
    for name, own in class_of(tuple(names)).items():
        found.setdefault(own, []).append(name)
    return {} if "" in found else found


def _read_idx(source: Source, split: str) -> Labelled:
    images, labels = idx.read_split(source.path, split)
    return Labelled(framed(images, 1, (FRAME - images.shape[-1]) // 2), torch.tensor(labels).long())
