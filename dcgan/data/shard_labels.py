"""Classes in a shard of WebDataset, a tar in which 000001.cls beside 000001.jpg holds the picture's label as text."""

from collections.abc import Iterable, Mapping

from dcgan.data.row_set import class_words

SUFFIX = ".cls"
MAX_BYTES = 100  # of a label
REMARK = "The classes are those of the .cls files beside the pictures."


def class_of_each(pictures: Iterable[str], labels: Mapping[str, bytes]) -> dict[str, str]:
    """The class of each picture by its name; empty unless all have a label, and few enough different ones.

    A file's name up to the first dot says what belongs together (WebDataset's convention for a sample).
    """
    texts = {_sample(name): content.decode(errors="replace").strip() for name, content in labels.items()}
    names = list(pictures)
    if not all(_sample(name) in texts for name in names):
        return {}
    words = class_words([texts[_sample(name)] for name in names])
    return dict(zip(names, words, strict=True)) if words else {}


def _sample(name: str) -> str:
    folder, slash, own = name.rpartition("/")
    return folder + slash + own.partition(".")[0]
