"""How far a generator's pictures are from real ones, beside how far real ones are from real ones."""

import hashlib
import json
from typing import NamedTuple

import numpy as np

from dcgan import sources
from dcgan.config import Config
from dcgan.metrics.frechet import frechet, gaussian
from dcgan.metrics.judge import Judge, judge_of
from dcgan.metrics.pixels import real_pictures
from dcgan.runs import publish

FLOOR_DRAWS = 4


class Floor(NamedTuple):
    """A figure of real pictures against real pictures: mean and standard deviation over several draws."""

    mean: float
    deviation: float
    draws: int


class Reference:
    """The real side of every comparison: all test pictures, and draws of training pictures for the floor."""

    def __init__(self, config: Config, judge: Judge | None = None) -> None:
        self.config, self.judge = config, judge or judge_of(config.data)
        self.test = real_pictures(config, "test")
        self.seen = self.judge.look(self.test)
        self.gaussian = gaussian(self.seen.features)

    def distance(self, pictures: np.ndarray) -> float:
        """Fréchet distance of pictures, uint8 (N, H, W) or (N, H, W, 3), to the test set."""
        return frechet(gaussian(self.judge.look(pictures).features), self.gaussian)

    def floor(self, n: int, seed: int = 0) -> Floor:
        """The distance of n training pictures to the test set, over several draws; kept on disk once worked out."""
        about = [self.judge.hash, self.config.data_fingerprint, self.config.image_size, self.config.channels, n, seed]
        key = hashlib.sha256(json.dumps(about).encode()).hexdigest()[:32]
        path = sources.DATA_DIR / "cache" / f"floor-{key}.json"
        try:
            return Floor(**json.loads(path.read_text()))
        except (OSError, ValueError, TypeError):
            pass
        floor = self._work_out_floor(n, seed)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            publish(path, json.dumps(floor._asdict()).encode())
        except OSError:
            pass  # then it is worked out again next time
        return floor

    def _work_out_floor(self, n: int, seed: int) -> Floor:
        train = real_pictures(self.config, "train")
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(train))
        found = []
        for draw in range(FLOOR_DRAWS):  # without overlap where there are enough
            rows = np.take(order, range(draw * n, (draw + 1) * n), mode="wrap")
            found.append(frechet(gaussian(self.judge.look(train[np.sort(rows)]).features), self.gaussian))
        return Floor(float(np.mean(found)), float(np.std(found, ddof=1)), FLOOR_DRAWS)
