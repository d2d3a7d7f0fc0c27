"""A fork at twice the size begins by drawing and judging as its parent does, and then learns on."""

import pytest
import torch
from torch.nn import functional

from dcgan.errors import BadInput
from dcgan.runs.checkpoint import load_state, open_generator
from dcgan.runs.fork import doubled, fork
from dcgan.runs.run import Run
from dcgan.training.gan import GAN
from dcgan.training.growing import grow
from tests.runs.test_fork import moved
from tests.training.test_loop import assert_same_end, curves, play, play_to

KINDS = {
    "as the paper": {},
    "in colour": {"channels": 3, "ngf": 12, "ndf": 12},
    "without BatchNorm": {"norm_g": "none", "norm_d": "none"},
    "with biases": {"conv_bias": "always"},
    "on 0 to 1": {"output": "sigmoid"},
    "with leaky G and dropout": {"g_activation": "leaky-relu", "dropout": 0.2},
    "from a dense stem": {"stem": "dense"},
    "wide D": {"d_growth": 3, "ndf": 6},
    "asked for a class": {"classes": "label", "class_names": '["a", "b"]', "class_counts": "[3, 5]"},
}
KERNEL = torch.tensor([-1.0, 3.0, 3.0, -1.0]) / 4


def trained(config) -> GAN:
    """A GAN some steps after its beginning."""
    gan = GAN(config, torch.device("cpu"))
    rng = torch.Generator().manual_seed(4)
    labels = torch.arange(16) % 2 if config.num_classes else None
    for _ in range(6):
        gan.step(torch.rand(16, config.channels, 16, 16, generator=rng) * 2 - 1, labels)
    return gan


@pytest.mark.parametrize("kind", KINDS)
def test_a_grown_pair_draws_and_judges_as_before(tiny, kind):
    config = tiny.replace(lr_g=0.01, lr_d=0.01, batch_size=16, **KINDS[kind])
    small, large = trained(config), GAN(doubled(config), torch.device("cpu"))
    state = small.state_dict()
    grow(state, config, large)
    large.load_state_dict(state)
    assert large.steps == small.steps == 6

    z = small.draw_z(256)
    labels = torch.arange(256) % 2 if config.num_classes else None
    with torch.no_grad(), large.untouched(), small.untouched():
        for before, after in ((small.G, large.G), (small.ema, large.ema)):
            z_in = before.of_class(z, labels)
            *kept, last = before.train().blocks
            maps = before.as_input(z_in)
            for block in kept:
                maps = block(maps)
            logits = last[0](maps)
            drawn = last[1:](functional.interpolate(logits, scale_factor=2, mode="bilinear"))
            inside = (slice(None), slice(None), slice(1, -1), slice(1, -1))  # beyond the edge a layer sees nothing
            there = after.train()(z_in)
            assert there.shape == (256, config.channels, 32, 32)
            torch.testing.assert_close(there[inside], drawn[inside], atol=0.02, rtol=0)
            assert drawn.std() > 0.01

        pictures = large.G(large.G.of_class(z, labels))
        c = config.channels
        moved = pictures / 2 + 0.5 if config.output == "sigmoid" else pictures
        weights = (KERNEL[:, None] * KERNEL).expand(c, 1, 4, 4)
        halved = functional.conv2d(moved, weights, stride=2, padding=1, groups=c)
        halved = halved * 2 - 1 if config.output == "sigmoid" else halved
        before, after = small.logits(halved, labels), large.logits(pictures, labels)
        assert (after - before).abs().mean() < 0.1 * before.std()


@pytest.fixture
def parent(root, tiny) -> Run:
    """A run that has ended at step 12 and can be grown."""
    run = Run.create(tiny.replace(lr_g=2e-3), root / "a", "same")
    play(run)
    return run


def test_a_fork_at_twice_the_size_trains_on_and_says_so(parent):
    made = fork(parent, 12, {"image_size": 32}, steps=16)
    assert "image_size 32 instead of 16, ngf 2 instead of 4, ndf 2 instead of 4" in made.parent().changes
    assert made.samples() == made.snapshots() == made.kept_states() == [], "pictures of one size only"
    assert play(made).state == "finished" and made.status().step == 16
    assert set(curves(made)) >= {*curves(parent), 13, 16}
    assert made.samples() == [12, 16] and open_generator(made, 12).config.image_size == 32
    assert load_state(parent)["gan"]["G"].keys() != load_state(made)["gan"]["G"].keys()


def test_it_can_be_stopped_at_its_first_step_and_resumed_as_exactly(parent, root):
    whole, parts = (moved(fork(parent, 12, {"image_size": 32}, steps=16), root / place) for place in ("b", "c"))
    play(whole)
    for step in (12, 14, 16):
        play_to(parts, step)
    assert_same_end(parts, whole)


REFUSED = {
    "four times the size": ({}, {"image_size": 64}, r"^image_size can't change in a fork \(16 to 64\)"),
    "other maps as well": ({}, {"image_size": 32, "ngf": 4}, r"^ngf can't change in a fork \(2 to 4\)"),
    "too few maps": (
        {"ndf": 2},
        {"image_size": 32},
        "^image_size can't be doubled in a fork of this run: ngf 4 and ndf 2",
    ),
    "5x5 kernels": (
        {"kernel": 5},
        {"image_size": 32},
        "^image_size can't be doubled in a fork of this run: .* kernel=4",
    ),
    "SELU": ({"g_activation": "selu"}, {"image_size": 32}, "^image_size can't be doubled .* relu"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_can_not_grow_is_one_sentence(root, tiny, name):
    settings, values, sentence = REFUSED[name]
    run = Run.create(tiny.replace(num_steps=2, **settings), root / "a", "same")
    play(run)
    with pytest.raises(BadInput, match=sentence):
        fork(run, 2, values, steps=4)
