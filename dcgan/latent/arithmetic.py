"""Latent arithmetic: A - B + C, with averages of several samples each (Radford et al. 2016, section 6.3.2).

The paper found that single samples are unsteady and means of three z are not. Its z were uniform in a cube. A mean of
normal z, and a sum of them, leave the shell on which nearly all z lie, so they are brought back to it (White 2016,
arXiv 1609.04468, on why pictures off the shell are pale).
"""

from torch import Tensor

from dcgan.errors import BadInput


def mean_of(z: Tensor, prior: str = "normal") -> Tensor:
    """The middle of samples z (N, D) -> (D,); for a normal prior as long as they are on average.

    Raises BadInput for no samples, and for samples that cancel out.
    """
    return _settled(_mean(z, "The group"), z, prior)


def combine(a: Tensor, b: Tensor, c: Tensor, prior: str = "normal") -> Tensor:
    """mean(A) - mean(B) + mean(C) of samples (N, D), each group of its own number -> (D,).

    For a normal prior as long as the samples of C are on average, so that A - A + C is C; for a uniform one within its
    cube. Raises BadInput for an empty group, and if nothing is left.
    """
    total = _mean(a, "A") - _mean(b, "B") + _mean(c, "C")
    return _settled(total, c, prior)


def _mean(z: Tensor, name: str) -> Tensor:
    if z.ndim != 2 or not len(z):
        raise BadInput(f"{name} has no samples yet: pick at least one for each of A, B and C.")
    return z.double().mean(0)


def _settled(point: Tensor, like: Tensor, prior: str) -> Tensor:
    if prior == "uniform":
        return point.clamp(-1, 1).to(like.dtype)
    length, usual = point.norm(), like.double().norm(dim=1).mean()
    if length < 1e-6 * max(float(usual), 1e-6):
        raise BadInput("These samples cancel out: nothing is left of A - B + C. Pick others.")
    return (point * (usual / length)).to(like.dtype)
