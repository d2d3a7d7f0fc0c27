"""Who judges a data set: a classifier of its classes where there is one, else the edges of its pictures."""

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import numpy as np

from dcgan.config import Config
from dcgan.data import sources
from dcgan.errors import BadInput
from dcgan.judges import classifier, edges, training_process

SHIPPED = Path(__file__).parent / "weights" / "fmnistcnn-v1.safetensors"
# a figure named after fmnistcnn-v1 always means these weights
SHIPPED_HASH = "1df9ff48294005b64fb57b1e5e414848bc9a3421393eca347c15ac12940fe4f4"
Tick = Callable[[int], None]  # called with the number of pictures done since the last call


def quiet(done: int) -> None:
    pass


class Judge(Protocol):
    """Turns pictures into features and, where it knows classes, features into their probabilities."""

    name: str  # of the features, such as fmnistcnn-v1
    hash: str  # of what makes them
    limits: str  # what it can't see, one sentence
    class_names: tuple[str, ...]  # empty where there are none
    confusion: np.ndarray | None  # float64 (K, K), share of the real pictures of class t named k at [k, t]

    def features(self, pictures: np.ndarray, tick: Tick = quiet) -> np.ndarray:
        """Pictures uint8 (N, H, W) or (N, H, W, 3) of any size -> float32 (N, D)."""
        ...

    def probabilities(self, features: np.ndarray) -> np.ndarray | None:
        """Features (N, D) -> float64 (N, K), rows sum to 1; None without classes."""
        ...


class ClassifierJudge:
    """A small network that learned to tell the classes apart."""

    limits = "It looks at what tells the classes apart, so it may miss faults that don't, such as a wrong texture."

    def __init__(self, path: Path, bordered: bool = False) -> None:
        self._network, self.about, self.hash = classifier.load(path)
        self._bordered = bordered
        self.name, self.class_names = self.about.name, self.about.class_names
        self.confusion: np.ndarray | None = np.array(self.about.confusion)

    def features(self, pictures: np.ndarray, tick: Tick = quiet) -> np.ndarray:
        about = self.about
        return _join(classifier.features(self._network, about, part, self._bordered) for part in _parts(pictures, tick))

    def probabilities(self, features: np.ndarray) -> np.ndarray | None:
        return classifier.probabilities(self._network, features)


class EdgeJudge:
    """Fixed filters, for data without labels."""

    name = edges.NAME
    limits = (
        "It notices blur, noise, wrong light, collapse and missing kinds of shapes, but doesn't know what a thing is: "
        "a wrong shape with right edges goes unnoticed, and missing or weak classes can't be named."
    )
    class_names: tuple[str, ...] = ()
    confusion: np.ndarray | None = None

    def __init__(self, channels: int) -> None:
        self._channels = channels
        self.hash = f"{edges.NAME} of {channels} channel{'s' * (channels > 1)}"  # there are no weights to hash

    def features(self, pictures: np.ndarray, tick: Tick = quiet) -> np.ndarray:
        return _join(edges.edge_features(part, self._channels) for part in _parts(pictures, tick))

    def probabilities(self, features: np.ndarray) -> np.ndarray | None:
        return None


def judge_of(config: Config) -> Judge:
    """The best judge there is for a run's data; raises BadInput when the shipped one is damaged."""
    source = sources.resolve(config.data)
    if source.title == "Fashion-MNIST":
        judge = _read(SHIPPED, SHIPPED.stat().st_mtime_ns if SHIPPED.exists() else 0, config.crop == "pad")
        if judge.hash != SHIPPED_HASH:
            raise BadInput(f"{SHIPPED} is not the classifier that came with the studio: put the original there again.")
        return judge
    own = training_process.path_of(source, config.data_fingerprint, config.channels, config.crop)
    return _read(own, own.stat().st_mtime_ns, config.crop == "pad") if own.exists() else EdgeJudge(config.channels)


@functools.lru_cache(maxsize=4)
def _read(path: Path, modified: int, bordered: bool) -> ClassifierJudge:
    return ClassifierJudge(path, bordered)


def _parts(pictures: np.ndarray, tick: Tick) -> Iterator[np.ndarray]:
    for start in range(0, len(pictures), classifier.AT_ONCE):
        yield (part := pictures[start : start + classifier.AT_ONCE])
        tick(len(part))


def _join(parts: Iterator[np.ndarray]) -> np.ndarray:
    return np.concatenate(list(parts))
