"""The classes of training pictures: their names and sizes for a new run, and the label of each picture."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from dcgan.data import idx, source_pictures, sources
from dcgan.errors import BadInput
from dcgan.images.decode import shown

MOST_CLASSES = 200  # whose names find room in config.json


def class_sizes(source: source_pictures.Source, num_test: int = 0) -> dict[str, int]:
    """How many training pictures each class has, by name in the order of labels; raises BadInput without classes."""
    if source.kind == "idx":
        labels = idx.read_split(source.path, "train", source.classes)[1]
        counts = Counter(sources.class_names(source)[label] for label in labels.tolist())
        sizes = {name: counts[name] for name in sources.class_names(source) if counts[name]}
    else:
        own, held = source_pictures.layout(source).classes, source_pictures.held_names(source, num_test)
        counts = Counter(own[name] for name in source_pictures.picture_names(source) if name not in held)
        sizes = {name: counts[name] for name in sorted(counts)}
        if "" in sizes and len(sizes) > 1:
            raise BadInput(
                f"classes=label needs a class for every picture, but {sizes['']:,} of {source.title} lie in no class "
                "folder: sort them in, or set classes to off."
            )
    if len(sizes) < 2:
        raise BadInput(
            f"classes=label needs pictures of two classes or more, and {source.title} has "
            f"{'one class only' if any(sizes) else 'none'}: sort them into a folder for each, or set classes to off."
        )
    if len(sizes) > MOST_CLASSES or sum(map(len, sizes)) > 10 * MOST_CLASSES:
        raise BadInput(
            f"classes=label takes at most {MOST_CLASSES} classes with short names, and {source.title} has "
            f"{len(sizes):,} (the first is {shown(next(iter(sizes)))}): choose some, as in {source.spec[:80]}:a,b."
        )
    return sizes


def labels_of(pictures: Sequence[str], own: Mapping[str, str], names: Sequence[str], strict: bool = True) -> np.ndarray:
    """The label of each picture, int64 (N,): where its class stands in `names`.

    Raises BadInput for another class, or if it is not `strict` gives it -1.
    """
    places = {name: label for label, name in enumerate(names)}
    for picture in pictures:
        if strict and own.get(picture) not in places:
            raise BadInput(
                f"{shown(picture)} is in none of the classes that this run knows ({', '.join(map(shown, names[:5]))}"
                + ", ..." * (len(names) > 5)
                + "): put the pictures back as they were, or start a new run."
            )
    return np.array([places.get(own.get(picture, ""), -1) for picture in pictures], np.int64)
