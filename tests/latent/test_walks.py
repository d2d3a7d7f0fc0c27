import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dcgan.errors import BadInput
from dcgan.latent import influence, moves, walks
from dcgan.latent.seeds import MAX_SEED, sample_seeds, z_from_seed, z_from_seeds

seeds = st.integers(0, MAX_SEED)
bounded = settings(max_examples=40, deadline=None)


def keys(k, dim=16, seed=0):
    return z_from_seeds(sample_seeds(seed, k), dim)


def angles(z):
    return 2 * torch.atan2((z[1:] - z[:-1]).norm(dim=1), (z[1:] + z[:-1]).norm(dim=1))


@bounded
@given(seeds, st.integers(1, 40), st.sampled_from(["normal", "uniform"]))
def test_seed_alone_decides_z(seed, z_dim, prior):
    state = torch.get_rng_state()
    many = z_from_seeds(sample_seeds(seed, 5), z_dim, prior)
    assert torch.equal(many[:3], z_from_seeds(sample_seeds(seed, 3), z_dim, prior))
    assert torch.equal(many[4], z_from_seed((seed + 4) % 2**32, z_dim, prior))
    assert torch.equal(state, torch.get_rng_state())  # nothing global was touched
    assert many.dtype == torch.float32 and many.shape == (5, z_dim)
    assert len({tuple(row) for row in many.tolist()}) == 5


def test_priors_have_their_moments():
    normal, uniform = (z_from_seeds(range(200), 100, prior) for prior in ("normal", "uniform"))
    assert abs(normal.mean()) < 0.02 and abs(normal.std() - 1) < 0.02
    assert abs(uniform.mean()) < 0.02 and abs(uniform.std() - 3**-0.5) < 0.02 and uniform.abs().max() <= 1
    neighbouring = torch.corrcoef(normal)[range(199), range(1, 200)]  # consecutive seeds are unrelated
    assert neighbouring.abs().max() < 0.5 and abs(neighbouring.mean()) < 0.03
    assert z_from_seeds([], 7).shape == (0, 7)


def test_truncate_scales_towards_zero():
    z = keys(3)
    assert torch.equal(moves.truncate(z, 1.0), z)
    assert torch.equal(moves.truncate(z, 0.5), z / 2)
    assert torch.equal(moves.truncate(z, 0), torch.zeros_like(z))
    moves.truncate(z, 2)


def test_apply_offsets_sets_and_copies():
    z = keys(2, dim=4)
    before = z.clone()
    changed = moves.apply_offsets(z, {1: 2.5, 3: -1})
    assert changed[:, 1].tolist() == [2.5, 2.5] and changed[:, 3].tolist() == [-1, -1]
    assert torch.equal(changed[:, [0, 2]], z[:, [0, 2]]) and torch.equal(z, before)
    assert torch.equal(moves.apply_offsets(z[0], {1: 2.5, 3: -1}), changed[0])


@bounded
@given(seeds, seeds, st.floats(0.01, math.pi / 2), st.integers(2, 64))
def test_neighbours_keep_norm_and_angle(z_seed, seed, radius, dim):
    z = z_from_seed(z_seed, dim)
    around = walks.neighbours(z, 6, radius, seed)
    assert torch.equal(around[0], z)
    assert torch.allclose(around.norm(dim=1), z.norm().expand(6), rtol=1e-5)
    cos = torch.nn.functional.cosine_similarity(around[1:].double(), z.double()[None])
    assert torch.allclose(cos, torch.full_like(cos, math.cos(radius)), atol=1e-5)
    assert torch.equal(around[:4], walks.neighbours(z, 4, radius, seed))


def test_neighbours_from_the_seed_of_z_still_spread():
    z = z_from_seed(5, 32)
    around = walks.neighbours(z, 9, 0.3, seed=5)
    assert torch.cdist(around, around).fill_diagonal_(9).min() > 0.5


def test_uniform_neighbours_stay_in_the_cube():
    z = z_from_seed(1, 32, "uniform")
    around = walks.neighbours(z, 9, 0.4, 2, "uniform")
    assert torch.equal(around[0], z) and around.abs().max() <= 1
    assert 0 < (around[1:] - z).abs().max() <= 0.4001


@bounded
@given(seeds, st.integers(1, 64), st.floats(0.1, 3), st.sampled_from([walks.lerp, walks.slerp]))
def test_ends_are_exact_and_scalar_agrees_with_vector(seed, dim, scale, mix):
    a, b = keys(2, dim, seed)
    b = b * scale
    walk = mix(a, b, torch.linspace(0, 1, 9))
    assert torch.equal(walk[0], a) and torch.equal(walk[-1], b)
    assert torch.equal(mix(a, b, 0.25), walk[2]) and walk.dtype == torch.float32


@bounded
@given(seeds, st.integers(2, 64), st.floats(0.1, 3))
def test_slerp_turns_evenly_and_interpolates_the_norm(seed, dim, scale):
    a, b = keys(2, dim, seed)
    b = b * scale
    walk = walks.slerp(a, b, torch.linspace(0, 1, 9)).double()
    assert torch.allclose(walk.norm(dim=1), torch.linspace(a.norm(), b.norm(), 9).double(), rtol=1e-4)
    turn = angles(torch.nn.functional.normalize(walk, dim=1))
    assert torch.allclose(turn, turn.mean().expand(8), atol=1e-4)
    plane = torch.linalg.matrix_rank(walk, rtol=1e-4)
    assert plane <= 2


def test_slerp_matches_the_textbook():
    a, b = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    assert torch.allclose(walks.slerp(a, b, 1 / 3), torch.tensor([math.cos(math.pi / 6), 0.5]))


@pytest.mark.parametrize("scale", [1.0, 2.0, 1 + 1e-6, 0.0])
def test_slerp_of_parallel_or_zero_vectors_is_straight(scale):
    a = z_from_seed(0, 16)
    walk = walks.slerp(a, scale * a, torch.linspace(0, 1, 5))
    assert torch.allclose(walk, walks.lerp(a, scale * a, torch.linspace(0, 1, 5)))
    assert torch.equal(walk[-1], scale * a)


@pytest.mark.parametrize("scale", [-1.0, -2.0, -0.3])
def test_slerp_of_antiparallel_vectors_goes_around(scale):
    a = z_from_seed(0, 16)
    walk = walks.slerp(a, scale * a, torch.linspace(0, 1, 9))
    assert torch.equal(walk[0], a) and torch.equal(walk[-1], scale * a)
    assert torch.allclose(walk.norm(dim=1), torch.linspace(1, -scale, 9) * a.norm(), rtol=1e-4)
    turn = angles(torch.nn.functional.normalize(walk.double(), dim=1))
    assert torch.allclose(turn, torch.full_like(turn, math.pi / 8), atol=1e-4)


@bounded
@given(st.integers(2, 5), st.integers(0, 20), st.sampled_from(["slerp", "lerp"]), st.booleans())
def test_path_hits_every_keyframe_with_even_legs(k, extra, mode, loop):
    stops = keys(k)
    z = walks.path(stops, k + extra, mode, loop)
    assert z.shape == (k + extra, 16)
    hits = [int((z == stop).all(dim=1).nonzero()) for stop in stops]  # int: each exactly once
    assert hits[0] == 0 and (loop or hits[-1] == len(z) - 1)
    legs = torch.tensor([*hits, len(z)] if loop else hits).diff()
    assert legs.min() >= 1 and legs.max() - legs.min() <= 1


def test_looped_path_leads_home_without_a_doubled_frame():
    stops = keys(3)
    z = walks.path(stops, 30, loop=True)
    home = walks.path(stops[[2, 0]], 11)
    assert torch.equal(z[:11], walks.path(stops[:2], 11))
    assert torch.equal(torch.cat([z[20:], z[:1]]), home)  # the first frame is the step after the last


def warped(z):
    """A renderer that changes in bursts along the walk."""
    return torch.tanh(6 * z[:, :4]).reshape(-1, 1, 2, 2) + torch.tanh(9 * z[:, 4:8] - 3).reshape(-1, 1, 2, 2)


@pytest.mark.parametrize("loop", [False, True])
@pytest.mark.parametrize("base", ["slerp", "lerp"])
@pytest.mark.parametrize("as_numpy", [False, True])
def test_even_path_evens_out_the_change(base, loop, as_numpy):
    stops = keys(3)
    z = walks.even_path(stops, 60, (lambda z: warped(z).numpy()) if as_numpy else warped, base, loop)

    def spread(z):
        pictures = warped(torch.cat([z, z[:1]]) if loop else z)
        return pictures.diff(dim=0).flatten(1).norm(dim=1).var()

    assert spread(z) * 5 < spread(walks.path(stops, 60, base, loop))
    assert torch.equal(z[0], stops[0]) and z.shape == (60, 16)
    assert loop or torch.equal(z[-1], stops[-1])


@pytest.mark.parametrize("level", [0.0, math.nan])
def test_even_path_of_a_picture_that_never_changes_is_the_path(level):
    stops = keys(2)
    z = walks.even_path(stops, 9, lambda z: torch.full((len(z), 1, 4, 4), level))
    assert torch.allclose(z, walks.path(stops, 9), atol=1e-5)


def test_even_path_reads_uint8_pictures():
    z = walks.even_path(keys(2), 9, lambda z: ((warped(z) + 2) * 63).to(torch.uint8).numpy())
    assert z.isfinite().all()


@pytest.mark.parametrize("prior, delta", [("normal", 2), ("uniform", 1)])
def test_influential_dims_finds_the_planted_ones(prior, delta):
    gains = torch.zeros(12)
    gains[[3, 7, 5]] = torch.tensor([0.4, -0.2, 0.1])

    def generator(z):
        assert len(z) <= walks.RENDER_BATCH
        return (z * gains).sum(dim=1)[:, None, None, None].expand(-1, 1, 4, 4)

    found = influence.influential_dims(generator, 12, prior, n=4, num_base=30)
    assert [dim for dim, _ in found] == [3, 7, 5, 0]
    strengths = [strength for _, strength in found]
    assert strengths == pytest.approx([2 * delta * gain * 127.5 for gain in (0.4, 0.2, 0.1, 0)], rel=1e-4, abs=1e-3)
    assert found == influence.influential_dims(generator, 12, prior, n=4, num_base=30)
    assert len(influence.influential_dims(generator, 12, prior, n=99)) == 12


z2 = torch.zeros(2, 3)


@pytest.mark.parametrize(
    "name, call",
    [
        ("seed", lambda: z_from_seed(-1, 4)),
        ("seed", lambda: z_from_seed(2**32, 4)),
        ("seed", lambda: z_from_seed(0.5, 4)),
        ("seed", lambda: z_from_seed(math.nan, 4)),
        ("seed", lambda: z_from_seed(math.inf, 4)),
        ("prior", lambda: z_from_seed(0, 4, "cauchy")),
        ("truncation", lambda: moves.truncate(z2, 2.1)),
        ("truncation", lambda: moves.truncate(z2, -0.1)),
        ("truncation", lambda: moves.truncate(z2, math.nan)),
        ("dimension", lambda: moves.apply_offsets(z2, {3: 0.0})),
        ("dimension", lambda: moves.apply_offsets(z2, {-1: 0.0})),
        ("dimension 1", lambda: moves.apply_offsets(z2, {1: math.inf})),
        ("n must", lambda: walks.neighbours(z2[0], 0, 0.1, 0)),
        ("radius", lambda: walks.neighbours(z2[0], 2, 2, 0)),
        ("keyframes", lambda: walks.path(z2[:1], 5)),
        ("keyframes", lambda: walks.path(z2[0], 5)),
        ("frames", lambda: walks.path(z2, 1)),
        ("mode", lambda: walks.path(z2, 5, "cubic")),
        ("frames", lambda: walks.even_path(z2, 1, warped)),
        ("n must", lambda: influence.influential_dims(warped, 8, n=0)),
        ("num_base", lambda: influence.influential_dims(warped, 8, num_base=0)),
    ],
)
def test_bad_input_names_the_argument(name, call):
    with pytest.raises(BadInput, match=name):
        call()
