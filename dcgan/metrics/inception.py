"""Inception FID, Inception score and KID by the optional package torch-fidelity, for comparison with papers.

Its network, trained on colour photographs, looks at pictures enlarged to 299 x 299; on small grey ones it means little
(compare only with figures made the same way). Its weights, about 95 MB, are downloaded on
the first use and only when a person asks for these figures.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from dcgan.config import BadInput, first_line
from dcgan.metrics.pixels import fake_pictures, real_pictures

if TYPE_CHECKING:
    from dcgan.models import Generator

MIN_PICTURES = 50
KID_SUBSET = 1000


class _Pictures(torch.utils.data.Dataset):
    """uint8 (3, H, W) each, as torch-fidelity takes them."""

    def __init__(self, pictures: np.ndarray) -> None:
        self._pictures = pictures

    def __len__(self) -> int:
        return len(self._pictures)

    def __getitem__(self, index: int) -> torch.Tensor:
        x = torch.tensor(self._pictures[index])
        return x.expand(3, *x.shape) if x.ndim == 2 else x.permute(2, 0, 1)


def inception_report(generator: "Generator", n: int = 10_000, seed: int = 0) -> dict[str, Any]:
    """FID, score (10 splits) and KID of n fakes against the test pictures, plain numbers.

    Raises BadInput without the package, without its weights and a connection to fetch them, or without enough pictures.
    """
    try:
        import torch_fidelity
    except ImportError:
        raise BadInput("Inception figures need one more package: python -m pip install torch-fidelity.") from None
    real = real_pictures(generator.config, "test")[:10_000]
    if min(n, len(real)) < MIN_PICTURES:
        raise BadInput(f"Inception figures need at least {MIN_PICTURES} fakes and {MIN_PICTURES} held-out pictures.")
    fakes = fake_pictures(generator, n, seed)
    with torch.random.fork_rng(devices=[]):
        try:
            found = torch_fidelity.calculate_metrics(
                input1=_Pictures(fakes),
                input2=_Pictures(real),
                cuda=False,
                isc=True,
                isc_splits=10,
                fid=True,
                kid=True,
                kid_subset_size=min(KID_SUBSET, n, len(real)),
                verbose=False,
                cache=False,
            )
        except (OSError, RuntimeError) as error:  # URLError is an OSError; a half download fails its hash
            raise BadInput(
                f"Inception's weights are not here and could not be downloaded ({first_line(error)}): connect and try "
                "again, or put the file where the README of torch-fidelity says."
            ) from error
    return {
        "fid": float(found["frechet_inception_distance"]),
        "inception_score": float(found["inception_score_mean"]),
        "inception_score_deviation": float(found["inception_score_std"]),
        "kid": float(found["kernel_inception_distance_mean"]),
        "kid_deviation": float(found["kernel_inception_distance_std"]),
        "n": n,
        "reference": len(real),
        "by": f"torch-fidelity {getattr(torch_fidelity, '__version__', '')}".strip(),
    }
