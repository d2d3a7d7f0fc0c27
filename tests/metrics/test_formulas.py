"""The formulas against a library's numbers, against cases that can be worked out by hand, and at their edges.

The golden numbers are torch-fidelity 0.4.0's for the features of `features()`, from its functions fid_statistics_to_
metric, kid_features_to_metric (one subset of all 300), isc_features_to_metric (10 splits, unshuffled) and
calculate_precision_recall_full. Density and coverage are worked out here pair by pair, as their paper defines them.
"""

import numpy as np
import pytest
import torch

from dcgan.metrics.class_score import class_score
from dcgan.metrics.classes import FEW, class_report, confusion, divergence, precision_by_class, true_shares
from dcgan.metrics.frechet import Gaussian, frechet, gaussian
from dcgan.metrics.kernel_distance import kernel_distance
from dcgan.metrics.neighbours import neighbours


def features():
    """Two sets of 300 features of 24 numbers, the second one shifted, stretched and partly collapsed."""
    rng = np.random.default_rng(5)
    mixing = rng.normal(size=(24, 24)) / 5
    real = np.maximum(rng.normal(size=(300, 24)) @ mixing + 0.3, 0)
    fake = np.maximum(1.2 * rng.normal(size=(300, 24)) @ mixing + 0.35, 0)
    fake[:60] = fake[0] + 0.01 * rng.normal(size=(60, 24))
    return real, fake


def logits():
    return np.random.default_rng(6).normal(size=(305, 10)) * 3


# torch-fidelity 0.4.0
FID, KID = 1.78481512156808, 0.26086669099197834
ISC, ISC_STD = 3.6456913859560283, 0.37789244169985453
PRECISION, RECALL = 0.7099999785423279, 0.95333331823349


def test_the_library_agrees():
    real, fake = features()
    assert frechet(gaussian(fake), gaussian(real)) == pytest.approx(FID, rel=1e-6)
    assert kernel_distance(fake, real) == pytest.approx(KID, rel=1e-6)
    p = np.exp(logits()) / np.exp(logits()).sum(1, keepdims=True)
    assert class_score(p) == pytest.approx((ISC, ISC_STD), rel=1e-9)
    found = neighbours(real, fake)
    assert (found.precision, found.recall) == pytest.approx((PRECISION, RECALL), abs=1e-6)


def test_the_installed_library_agrees():
    """The golden numbers once more from the library itself, and ours beside it on features of another kind."""
    library = pytest.importorskip("torch_fidelity")
    from torch_fidelity import metric_fid, metric_isc, metric_kid, metric_prc

    assert library.__version__
    rng = np.random.default_rng(9)
    wide = np.maximum(rng.normal(size=(500, 64)), 0), np.maximum(rng.normal(size=(400, 64)) * 0.9 + 0.1, 0)
    for real, fake in (features(), wide):
        first, second = torch.from_numpy(fake), torch.from_numpy(real)
        statistics = [metric_fid.fid_features_to_statistics(x) for x in (first, second)]
        fid = metric_fid.fid_statistics_to_metric(*statistics, verbose=False)
        assert frechet(gaussian(fake), gaussian(real)) == pytest.approx(fid["frechet_inception_distance"], rel=1e-6)
        size = min(len(real), len(fake))
        options = {"kid_subsets": 1, "kid_subset_size": size, "rng_seed": 0, "verbose": False}
        kid = metric_kid.kid_features_to_metric(first[:size], second[:size], **options)
        ours = kernel_distance(fake[:size], real[:size])
        assert ours == pytest.approx(kid["kernel_inception_distance_mean"], rel=1e-6)
        precision, recall = metric_prc.calculate_precision_recall_full(first, second)
        found = neighbours(real, fake)
        assert (found.precision, found.recall) == pytest.approx((precision, recall), abs=1e-6)
    isc = metric_isc.isc_features_to_metric(torch.from_numpy(logits()), splits=10, shuffle=False)
    p = np.exp(logits()) / np.exp(logits()).sum(1, keepdims=True)
    wanted = isc["inception_score_mean"], isc["inception_score_std"]
    assert class_score(p) == pytest.approx(wanted, rel=1e-9) and wanted == pytest.approx((ISC, ISC_STD), rel=1e-9)


def test_density_and_coverage_as_defined():
    real, fake = features()
    gaps = np.sqrt(np.square(real[:, None] - real[None]).sum(2))
    radii = np.sort(gaps, axis=1)[:, 5]
    inside = np.sqrt(np.square(real[:, None] - fake[None]).sum(2)) < radii[:, None]  # (real, fake)
    found = neighbours(real, fake)
    assert found.density == pytest.approx(inside.sum() / (5 * len(fake)), abs=1e-12)
    assert found.coverage == pytest.approx(inside.any(1).mean(), abs=1e-12)


def test_realism_is_at_least_1_exactly_inside_a_small_ball():
    real, fake = features()
    radii = np.sort(np.sqrt(np.square(real[:, None] - real[None]).sum(2)), axis=1)[:, 3]
    small = radii <= np.sort(radii)[(len(radii) - 1) // 2]
    gaps = np.sqrt(np.square(fake[:, None] - real[None, small]).sum(2))
    assert ((neighbours(real, fake).realism >= 1) == (gaps <= radii[small]).any(1)).all()


def test_frechet_of_gaussians_that_commute_is_the_textbook_sum():
    a = Gaussian(np.array([1.0, 2.0]), np.diag([4.0, 9.0]))
    b = Gaussian(np.array([1.5, 0.0]), np.diag([1.0, 16.0]))
    assert frechet(a, b) == pytest.approx(0.25 + 4 + (2 - 1) ** 2 + (3 - 4) ** 2)
    assert frechet(b, a) == pytest.approx(frechet(a, b))


def test_frechet_of_collapsed_sets_is_finite_and_not_negative():
    real, _ = features()
    same = np.repeat(real[:1], 50, axis=0)
    everything = gaussian(real)
    assert frechet(everything, everything) == pytest.approx(0, abs=1e-9) and frechet(everything, everything) >= 0
    expected = np.square(real[0] - everything.mean).sum() + np.trace(everything.covariance)
    assert frechet(gaussian(same), everything) == pytest.approx(expected)
    assert frechet(gaussian(same), gaussian(same)) == 0


def test_kernel_distance_leans_to_neither_side():
    rng = np.random.default_rng(0)
    found = [kernel_distance(rng.normal(size=(40, 8)), rng.normal(size=(60, 8))) for _ in range(200)]
    assert abs(np.mean(found)) < 4 * np.std(found) / np.sqrt(200) and min(found) < 0 < max(found)


def test_class_score_at_its_ends():
    sure = np.eye(10)[np.arange(200) % 10]
    assert class_score(sure).mean == pytest.approx(10) and class_score(sure).deviation == pytest.approx(0, abs=1e-9)
    assert class_score(np.full((200, 10), 0.1)).mean == pytest.approx(1)
    assert class_score(np.eye(10)[np.zeros(200, int)]).mean == pytest.approx(1)  # collapse on one class


def test_neighbours_of_equal_and_of_distant_sets():
    real, _ = features()
    rng = np.random.default_rng(1)
    assert neighbours(real, real)[:2] == (1.0, 1.0) and neighbours(real, real).coverage == 1.0
    assert neighbours(real, real + 100)[:4] == (0.0, 0.0, 0.0, 0.0)
    few = np.repeat(real[:3], 40, axis=0) + 1e-3 * rng.normal(size=(120, 24))  # real, but always the same
    found = neighbours(real, few)
    assert found.precision == 1.0 and found.recall < 0.05 and found.coverage < 0.1


# -- classes


def test_divergence_goes_from_0_to_1():
    assert divergence(np.array([5, 5]), np.array([50, 50])) == 0
    assert divergence(np.array([5, 0]), np.array([0, 7])) == pytest.approx(1)
    assert 0 < divergence(np.array([6, 4]), np.array([5, 5])) < 0.01


def test_true_shares_undo_the_judges_mistakes():
    confused = np.array([[0.8, 0.1, 0.0], [0.2, 0.9, 0.1], [0.0, 0.0, 0.9]])
    truth = np.array([0.0, 0.7, 0.3])
    found = true_shares(10_000 * confused @ truth, confused)
    assert found == pytest.approx(truth, abs=0.01)


def test_a_missing_class_is_named_though_the_judge_mistakes_others_for_it():
    rng = np.random.default_rng(0)
    confused = np.full((4, 4), 0.08) + 0.68 * np.eye(4)  # it names a quarter of the pictures wrong
    true = rng.integers(0, 4, 8000)
    named = np.array([rng.choice(4, p=confused[:, t]) for t in true])
    real, fakes = np.eye(4)[named[:4000]], np.eye(4)[named[4000:][true[4000:] != 2]]
    measured = confusion(named, true, 4)
    assert measured == pytest.approx(confused, abs=0.03)
    report = class_report(fakes, real, measured, ("a", "b", "c", "d"))
    assert report["missing"] == ["c"] and (report["covered"], report["classes"]) == (3, 4)
    assert report["fakes"][2] > 0.2 * report["real"][2]  # the bare count would not say so
    assert class_report(real, real, measured, ("a", "b", "c", "d"))["missing"] == []


def test_classes_that_the_data_leave_out_are_not_missed():
    named = np.eye(3)[np.arange(300) % 2]
    report = class_report(named, named, np.eye(3), ("a", "b", "c"))
    assert (report["covered"], report["classes"], report["missing"]) == (2, 2, [])


def test_precision_by_class_counts_each_class_and_leaves_out_a_handful():
    named = np.array([0] * 20 + [1] * FEW + [2] * (FEW - 1))
    inside = np.arange(len(named)) % 4 == 0
    found = precision_by_class(named, inside, 4)
    assert found == [5 / 20, pytest.approx(inside[20 : 20 + FEW].mean()), None, None]


def test_inside_is_what_precision_is_the_share_of():
    found = neighbours(*features())
    assert found.inside.dtype == bool and found.inside.mean() == pytest.approx(found.precision, abs=1e-12)
