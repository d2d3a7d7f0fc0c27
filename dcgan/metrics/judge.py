"""Who judges a data set: a classifier of its classes where there is one."""

from pathlib import Path

import numpy as np

from dcgan import sources
from dcgan.config import BadInput
from dcgan.metrics import classifier

SHIPPED = Path(__file__).parent / "weights" / "fmnistcnn-v1.safetensors"
# a figure named after fmnistcnn-v1 always means these weights
SHIPPED_HASH = "1df9ff48294005b64fb57b1e5e414848bc9a3421393eca347c15ac12940fe4f4"


class Judge:
    """Turns pictures into features and, where it knows classes, into their probabilities."""

    def __init__(self, path: Path) -> None:
        self._network, self.about, self.hash = classifier.load(path)
        self.name, self.class_names = self.about.name, self.about.class_names

    def look(self, pictures: np.ndarray) -> classifier.Seen:
        """Pictures uint8 (N, H, W) or (N, H, W, 3) of any size -> features (N, D) and class probabilities (N, K)."""
        return classifier.look(self._network, self.about, pictures)


def judge_of(data: str) -> Judge:
    """The judge of a data SPEC; raises BadInput where there is none."""
    source = sources.resolve(data)
    if source.title == "Fashion-MNIST":
        judge = Judge(SHIPPED)
        if judge.hash != SHIPPED_HASH:
            raise BadInput(f"{SHIPPED} is not the classifier that came with the studio: put the original there again.")
        return judge
    raise BadInput(f"There is no judge for {source.title} yet.")
