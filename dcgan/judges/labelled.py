"""Pictures with their classes: MNIST, Fashion-MNIST, and folders or zips whose sub-folders are classes."""

import contextlib
import random
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from dcgan.data import idx, rows
from dcgan.data.decode_workers import Shape, decoded
from dcgan.data.holdout import num_to_hold_out
from dcgan.data.source_pictures import Source, held_names, layout, picture_names, reading
from dcgan.data.sources import class_names
from dcgan.errors import BadInput
from dcgan.judges import training_process
from dcgan.judges.classifier import FRAME, framed

MAX_PICTURES = 20_000  # read from a folder or zip, chosen at random: enough to learn its classes


class Labelled(NamedTuple):
    """Pictures in the frame, with their classes."""

    pictures: Tensor  # uint8 (N, C, 32, 32)
    labels: Tensor  # int64 (N,)


class Examples(NamedTuple):
    train: Labelled
    test: Labelled  # those that a new run on these pictures holds out, among which are those of an older one
    class_names: tuple[str, ...]


def labelled(
    source: Source, channels: int, progress: Callable[[float], None] = lambda share: None, crop: str = "square"
) -> Examples:
    """All classes of a data set; raises BadInput where there are none, or too few pictures of them.

    Oblong pictures become square as `crop` says, see `dcgan.images.decode.fit`.
    `progress` is called with the share of the pictures that have been read.
    """
    if source.kind == "idx":
        return Examples(_read_idx(source, "train"), _read_idx(source, "test"), class_names(source))
    if reason := training_process.why_not(source):
        raise BadInput(reason)
    names = picture_names(source)
    classes = classes_of(layout(source).classes, names)
    pairs = [(name, label) for label, name_of in enumerate(sorted(classes)) for name in classes[name_of]]
    pairs = random.Random(0).sample(pairs, min(len(pairs), MAX_PICTURES))
    of_name = dict(pairs)
    label_of = {name: of_name[name] for name in rows.forward(source.path, list(of_name))}
    shape = Shape(FRAME, channels, crop, reading(source))
    looked_at = 0
    found: dict[str, np.ndarray] = {}  # name -> (C, 32, 32), of those that can be read
    with contextlib.closing(decoded(source.path, list(label_of), shape)) as chunks:
        for chunk, facts, pixels in chunks:
            readable = [name for name, (_, reason) in zip(chunk, facts, strict=True) if not reason]
            progress((looked_at := looked_at + len(chunk)) / len(label_of))
            found |= zip(readable, np.frombuffer(pixels, np.uint8).reshape(-1, channels, FRAME, FRAME), strict=True)
    splits, test_names = [], held_names(source, num_to_hold_out(len(names)))
    for is_test in (False, True):
        kept = [name for name in found if (name in test_names) == is_test]
        if not kept:
            raise BadInput(f"{source.title} has no readable pictures to learn its classes from.")
        labels = torch.tensor([label_of[name] for name in kept])
        splits.append(Labelled(torch.from_numpy(np.stack([found[name] for name in kept])), labels))
    return Examples(splits[0], splits[1], tuple(sorted(classes)))


def classes_of(own: Mapping[str, str], names: Sequence[str]) -> dict[str, list[str]]:
    """Relative paths by their class, which `own` tells; empty if any has none."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(own[name], []).append(name)
    return {} if "" in found else found


def _read_idx(source: Source, split: str) -> Labelled:
    images, labels = idx.read_split(source.path, split)
    return Labelled(framed(images, 1, (FRAME - images.shape[-1]) // 2), torch.tensor(labels).long())
