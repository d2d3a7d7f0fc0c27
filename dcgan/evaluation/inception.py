"""Inception FID, Inception score and KID by the optional package torch-fidelity, for comparison with papers.

Its network, trained on colour photographs, looks at pictures enlarged to 299 x 299; on small grey ones it means little
(compare only with figures made the same way). Its weights, about 95 MB, are downloaded on the first use and only when
a person asks for these figures.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from dcgan.config import Config
from dcgan.data import sources
from dcgan.data.dataset import real_pictures
from dcgan.errors import BadInput, first_line
from dcgan.evaluation.pixel_report import fake_pictures
from dcgan.evaluation.reference import identity
from dcgan.evaluation.spread import spread
from dcgan.metrics.enough import DRAWS, ENOUGH, at_once
from dcgan.system.kept_json import kept_json

if TYPE_CHECKING:
    from dcgan.networks.models import Generator

MAX_REAL = 10_000
SPLITS = 10
KID_SUBSET = 1000
URL = "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth"
HASH = "6726825d"  # the first digits of its SHA-256
NAMES = {  # the library's name -> ours
    "frechet_inception_distance": "fid",
    "inception_score_mean": "inception_score",
    "inception_score_std": "inception_score_deviation",
    "kernel_inception_distance_mean": "kid",
    "kernel_inception_distance_std": "kid_deviation",
}


class _Pictures(torch.utils.data.Dataset[torch.Tensor]):
    """uint8 (3, H, W) each, as torch-fidelity takes them."""

    def __init__(self, pictures: np.ndarray) -> None:
        self._pictures = pictures

    def __len__(self) -> int:
        return len(self._pictures)

    def __getitem__(self, index: int) -> torch.Tensor:
        x = torch.tensor(self._pictures[index])
        return x.expand(3, *x.shape) if x.ndim == 2 else x.permute(2, 0, 1)


def weights_path() -> Path:
    """Where torch keeps Inception's weights, there or not."""
    return Path(torch.hub.get_dir()) / "checkpoints" / URL.rpartition("/")[2]


def ready(show: bool = False) -> None:
    """See to the package and the weights before any work, downloading these if need be; `show` draws a bar.

    Raises BadInput without the package, or without weights and a connection to fetch them.
    """
    try:
        import torch_fidelity  # noqa: F401
    except ImportError:
        raise BadInput("Inception figures need one more package: python -m pip install torch-fidelity.") from None
    path = weights_path()
    if path.exists():
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(URL, str(path), HASH, progress=show)
    except (OSError, RuntimeError) as error:  # URLError is an OSError; a half download fails its hash
        raise BadInput(
            f"Inception's weights could not be downloaded ({_reason(error)}): connect and try again, or fetch "
            f"{URL} elsewhere and put it at {path}."
        ) from error


def _reason(error: BaseException) -> str:
    """Of a URLError what lies behind it, in words."""
    reason = getattr(error, "reason", error)
    return first_line(reason) if isinstance(reason, BaseException) else str(reason)


def inception_report(generator: "Generator", n: int = 10_000, seed: int = 0, show: bool = False) -> dict[str, Any]:
    """FID, score (10 splits) and KID of n fakes against the test pictures, each with its floor; plain numbers.

    The floor is the same of n training pictures, in several draws; it is kept, as are the test pictures' features.
    Raises BadInput as `ready`, and without enough pictures.
    """
    ready(show)
    import torch_fidelity

    config = generator.config
    real, num_train = real_pictures(config, "test")[:MAX_REAL], len(real_pictures(config, "train"))
    if min(n, len(real)) < ENOUGH:
        raise BadInput(f"Inception figures need at least {ENOUGH} fakes and {ENOUGH} held-out pictures.")
    if at_once(n, num_train) < n:
        raise BadInput(
            f"Inception figures of {n:,} fakes need {DRAWS * n:,} training pictures for their floor, but {num_train:,} "
            "are here: ",
            terminal=f"--n can be at most {num_train // DRAWS}.",
            page=f"measure at most {num_train // DRAWS}.",
        )
    found = _compare(fake_pictures(generator, n, seed), real, config, show)
    cache = sources.DATA_DIR / "cache" / f"inception-{_key(config)}-{n}.json"
    floors = kept_json(cache, lambda: _floors(config, real, n, show))
    return found | {
        "floors": floors,
        "n": n,
        "seed": seed,
        "reference": len(real),
        "split": "test",
        "weights": "EMA" if config.ema_half_life_images else "raw",
        "weights_hash": generator.origin.weights_hash if generator.origin else "",
        "splits": SPLITS,
        "image_size": 299,
        "inception_weights": weights_path().name,
        "by": f"torch-fidelity {getattr(torch_fidelity, '__version__', '')}".strip(),
    }


def _floors(config: Config, real: np.ndarray, n: int, show: bool) -> dict[str, dict[str, float]]:
    draws = [_compare(pictures, real, config, show) for pictures in _draws(config, n)]
    return {name: spread([draw[name] for draw in draws]) for name in ("fid", "inception_score", "kid")}


def _draws(config: Config, n: int) -> Iterator[np.ndarray]:
    """n training pictures at a time, no picture twice."""
    train = real_pictures(config, "train")
    order = np.random.default_rng(0).permutation(len(train))
    for draw in range(DRAWS):
        yield train[np.sort(order[draw * n : (draw + 1) * n])]


def _compare(pictures: np.ndarray, real: np.ndarray, config: Config, show: bool) -> dict[str, float]:
    """The library's figures; the features of `real` are looked for once. The global random state stays."""
    import torch_fidelity

    with torch.random.fork_rng(devices=[]):
        try:
            found = torch_fidelity.calculate_metrics(
                input1=_Pictures(pictures),
                input2=_Pictures(real),
                input2_cache_name=_key(config),
                cache_root=str(sources.DATA_DIR / "cache" / "inception"),
                feature_extractor_weights_path=str(weights_path()),
                cuda=False,
                isc=True,
                isc_splits=SPLITS,
                fid=True,
                kid=True,
                kid_subset_size=min(KID_SUBSET, len(pictures), len(real)),
                verbose=show,
                save_cpu_ram=True,  # no worker processes: the pictures are in memory already
            )
        except (OSError, RuntimeError, KeyError, ValueError) as error:
            raise BadInput(
                f"Inception's figures could not be worked out ({first_line(error)}): if {weights_path()} is damaged, "
                "delete it and try again."
            ) from error
    return {ours: float(found[theirs]) for theirs, ours in NAMES.items()}


def _key(config: Config) -> str:
    """Tells the held-out pictures of one data set and size from others."""
    return hashlib.sha256(json.dumps([*identity(config), HASH]).encode()).hexdigest()[:24]


def as_text(report: dict[str, Any]) -> str:
    """The figures for a terminal."""
    lines = [
        f"By {report['by']}, pictures at {report['image_size']} px: {report['n']:,} fakes of seeds {report['seed']} to "
        f"{report['seed'] + report['n'] - 1}, {report['weights']} weights {report['weights_hash'][:12]}, against "
        f"{report['reference']:,} {report['split']} pictures; score over {report['splits']} splits."
    ]
    for name, label in (("fid", "Inception FID"), ("inception_score", "Inception score"), ("kid", "KID")):
        floor = report["floors"][name]
        own = f" ± {report[f'{name}_deviation']:.4f}" if f"{name}_deviation" in report else ""
        real = f"{floor['mean']:.4f} ± {floor['deviation']:.4f} over {floor['draws']} draws"
        lines.append(f"{label:18}{report[name]:10.4f}{own}  (real against real: {real})")
    return "\n".join(lines)
