"""Latent arithmetic, and z as text."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dcgan.errors import BadInput
from dcgan.latent.arithmetic import combine, mean_of
from dcgan.latent.codes import code_of, z_of_code
from dcgan.latent.seeds import z_from_seeds


def z(*seeds: int, prior: str = "normal") -> torch.Tensor:
    return z_from_seeds(seeds, 40, prior)


@pytest.mark.parametrize("prior", ["normal", "uniform"])
def test_what_is_taken_away_and_given_back_changes_nothing(prior):
    a, c = z(1, 2, 3, prior=prior), z(7, prior=prior)
    assert torch.allclose(combine(a, a, c, prior), c[0], atol=1e-6)
    assert torch.allclose(combine(c, a, a, prior), c[0] if prior == "uniform" else c[0] * scale(a, c), atol=1e-6)
    assert torch.equal(mean_of(c, prior), c[0])


def scale(like: torch.Tensor, whole: torch.Tensor) -> float:
    return float(like.norm(dim=1).mean() / whole.norm())


def test_the_sum_points_where_the_means_lead_and_is_as_long_as_the_samples_of_c():
    a, b, c = z(1, 2, 3), z(4, 5), z(6, 7, 8)
    expected = a.mean(0) - b.mean(0) + c.mean(0)
    result = combine(a, b, c)
    assert torch.nn.functional.cosine_similarity(result, expected, dim=0) > 1 - 1e-6
    assert torch.isclose(result.norm(), c.norm(dim=1).mean(), atol=1e-5)
    assert torch.isclose(mean_of(a).norm(), a.norm(dim=1).mean(), atol=1e-5)


def test_a_uniform_sum_is_exact_within_its_cube():
    a, b, c = z(1, 2, prior="uniform"), z(3, prior="uniform"), z(4, prior="uniform")
    expected = (a.mean(0) - b[0] + c[0]).clamp(-1, 1)
    assert torch.allclose(combine(a, b, c, "uniform"), expected, atol=1e-6)


def test_empty_groups_and_sums_of_nothing_are_refused():
    with pytest.raises(BadInput, match="B has no samples yet"):
        combine(z(1), z(), z(2))
    with pytest.raises(BadInput, match="cancel out"):
        combine(z(1), z(1) * 2, z(1))
    with pytest.raises(BadInput, match="cancel out"):
        mean_of(torch.cat([z(1), -z(1)]))


# ---- z as text


def test_a_z_survives_as_text_to_half_precision():
    given = torch.cat([z(5)[0], torch.tensor([0.0, -3.5, 1e-5])])
    code = code_of(given)
    back = z_of_code(code)
    assert back is not None and torch.allclose(back, given, rtol=1e-3, atol=1e-6)
    assert torch.equal(back, given.half().float()) and code_of(back) == code
    assert len(code) == 115 and z_of_code(code, 43) is not None and z_of_code(code, 42) is None
    assert code_of(torch.tensor([1e9]))  # too large for half precision, and for any z


@given(st.text(max_size=40) | st.from_regex("[A-Za-z0-9_-]{0,40}", fullmatch=True))
def test_any_text_is_a_finite_z_or_none(text):
    found = z_of_code(text)
    assert found is None or (torch.isfinite(found).all() and code_of(found) is not None)


@pytest.mark.parametrize("text", ["", "A", "AAA=", "AHwAfA", "_3__f_", "AA AA", "é" * 4])
def test_what_is_no_z_is_none(text):
    assert z_of_code(text) is None
