"""One step moves the right weights by the right losses, and the generator that is shown is what it claims to be."""

import copy
import math

import pytest
import torch
from torch.nn.functional import logsigmoid

from dcgan.config import Config
from dcgan.training.gan import GAN

CPU = torch.device("cpu")
TINY = Config(
    image_size=16, z_dim=8, ngf=4, ndf=4, batch_size=8, ema_half_life_images=200, device="cpu", lr_g=1e-3, lr_d=1e-3
)


def pictures(n: int = 8, seed: int = 0) -> torch.Tensor:
    """Blobs that D can tell from noise, (n, 1, 16, 16) in [-1, 1]."""
    rng = torch.Generator().manual_seed(seed)
    ramp = torch.linspace(-1, 1, 16)
    return (ramp[:, None] + ramp).expand(n, 1, 16, 16) / 2 * torch.rand(n, 1, 1, 1, generator=rng)


def weights(network: torch.nn.Module) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in network.parameters()])


def flat(value, prefix="") -> dict:
    """All tensors and numbers of a nested state, by path."""
    if isinstance(value, dict):
        return {k: v for key, each in value.items() for k, v in flat(each, f"{prefix}/{key}").items()}
    if isinstance(value, (list, tuple)):
        return flat(dict(enumerate(value)), prefix)
    return {prefix: value}


def assert_same(a, b) -> None:
    a, b = flat(a), flat(b)
    assert a.keys() == b.keys()
    for key in a:
        assert torch.equal(a[key], b[key]) if isinstance(a[key], torch.Tensor) else a[key] == b[key], key


def trained(steps: int = 40, **values) -> GAN:
    gan = GAN(TINY.replace(**values), CPU)
    for i in range(steps):
        gan.step(pictures(seed=i))
    return gan


# -- a step


@pytest.mark.parametrize("loss", ["hinge", "wgan-gp", "lsgan", "relativistic"])
@pytest.mark.parametrize("precision", ["float32", "auto"])
def test_with_every_loss_both_players_move_and_d_learns_to_tell(loss, precision):
    values = {"loss": loss, "precision": precision, "norm_d": "none", "lr_d": 1e-2, "lr_g": 1e-6}
    before, gan = GAN(TINY.replace(**values), CPU), trained(39, **values)
    measured = gan.step(pictures())
    assert measured["d_real"] > measured["d_fake"] + 0.3 and measured["d_accuracy"] > 0.8
    assert not torch.equal(weights(before.G), weights(gan.G))


def test_a_step_moves_every_weight_of_both_players():
    gan = GAN(TINY, CPU)
    before = {name: copy.deepcopy(getattr(gan, name).state_dict()) for name in ("G", "D", "ema")}
    gan.step(pictures())
    for name in ("G", "D"):
        for key, parameter in getattr(gan, name).named_parameters():
            assert not torch.equal(parameter, before[name][key]), f"{name} {key}"
    assert gan.steps == 1


@pytest.mark.parametrize(("still", "moving"), [("D", "G"), ("G", "D")])
def test_each_optimiser_moves_its_own_player_only(still, moving):
    gan = GAN(TINY, CPU)
    for group in getattr(gan, f"opt_{still}").param_groups:
        group["lr"] = 0.0
    before = {name: weights(getattr(gan, name)) for name in ("G", "D")}
    for i in range(3):
        gan.step(pictures(seed=i))
    assert torch.equal(weights(getattr(gan, still)), before[still])
    assert not torch.equal(weights(getattr(gan, moving)), before[moving])
    owned = {id(p) for group in getattr(gan, f"opt_{moving}").param_groups for p in group["params"]}
    assert owned == {id(p) for p in getattr(gan, moving).parameters()}


def test_losses_and_gradients_match_a_step_worked_out_by_hand():
    """Both players once more, from the paper's formulas: the gradients that are left are each player's own."""
    gan = GAN(TINY, CPU)
    for _ in range(3):  # a second optimiser step would show stale gradients
        gan.step(pictures())
    G, D, real = copy.deepcopy(gan.G), copy.deepcopy(gan.D), pictures(seed=9)
    rng = torch.Generator()
    rng.set_state(gan.z_rng.get_state())
    measured = gan.step(real)

    fake = G(torch.randn(8, 8, generator=rng))
    on_real, on_fake = D(real), D(fake.detach())
    d_loss = -(logsigmoid(on_real).mean() + logsigmoid(-on_fake).mean())  # -log D(x) - log(1 - D(G(z)))
    d_gradients = torch.autograd.grad(d_loss, list(D.parameters()))
    D.load_state_dict(gan.D.state_dict())  # G plays against the D that has just moved
    g_loss = -logsigmoid(D(fake)).mean()  # non-saturating: -log D(G(z)), not log(1 - D(G(z)))
    g_gradients = torch.autograd.grad(g_loss, list(G.parameters()))

    expected = {
        "d_loss": d_loss,
        "g_loss": g_loss,
        "d_real": on_real.sigmoid().mean(),
        "d_fake": on_fake.sigmoid().mean(),
        "d_accuracy": ((on_real > 0).sum() + (on_fake <= 0).sum()) / 16,
    }
    assert measured.keys() == expected.keys()
    for name, value in expected.items():
        assert measured[name].shape == () and not measured[name].requires_grad
        assert measured[name].item() == pytest.approx(value.item(), rel=1e-4), name
    for player, gradients in (("D", d_gradients), ("G", g_gradients)):
        for parameter, gradient in zip(getattr(gan, player).parameters(), gradients, strict=True):
            torch.testing.assert_close(parameter.grad, gradient, rtol=1e-3, atol=1e-6)
        assert all(p.requires_grad for p in getattr(gan, player).parameters())


def test_the_first_step_is_adams():
    """Adam's first step is lr * gradient / (|gradient| + eps), whatever the betas."""
    gan = GAN(TINY.replace(lr_g=0.01, lr_d=0.02), CPU)
    for player, lr in (("G", 0.01), ("D", 0.02)):
        before = weights(getattr(gan, player))
        if player == "G":
            before_d = weights(gan.D)
            gan.step(pictures())
        else:
            before = before_d
        gradient = torch.cat([p.grad.flatten() for p in getattr(gan, player).parameters()])
        expected = before - lr * gradient / (gradient.abs() + 1e-8)
        torch.testing.assert_close(weights(getattr(gan, player)), expected, rtol=1e-3, atol=1e-5)
        assert getattr(gan, f"opt_{player}").param_groups[0]["betas"] == (0.5, 0.999)


def test_training_teaches_the_discriminator():
    gan = trained(60, lr_g=1e-9)  # against a generator that stands still
    measured = gan.step(pictures(seed=99))
    assert measured["d_accuracy"] == 1 and measured["d_real"] > 0.8 and measured["d_fake"] < 0.2
    assert measured["d_loss"] < 0.4 < 1.5 < measured["g_loss"]


def test_training_teaches_the_generator():
    """Against the blobs, fakes come to look like them: their mean row rises as the blobs' does."""
    gan, real = trained(300, lr_g=2e-3), pictures()
    fake = gan.ema_generator()(gan.draw_z(64))
    profiles = [each.mean(dim=(0, 1, 3)) for each in (real, fake, GAN(TINY, CPU).G(gan.draw_z(64)).detach())]
    target, learned, untrained = (profile - profile.mean() for profile in profiles)
    assert torch.corrcoef(torch.stack([target, learned]))[0, 1] > 0.9
    assert torch.corrcoef(torch.stack([target, untrained]))[0, 1] < 0.7


# -- the ways of others


def first_step(gan: GAN, real: torch.Tensor) -> tuple[dict, dict]:
    """Copies of the players before a step on `real`, and what the step measured."""
    before = {"G": copy.deepcopy(gan.G), "D": copy.deepcopy(gan.D), "rng": torch.Generator()}
    before["rng"].set_state(gan.z_rng.get_state())
    return before, gan.step(real)


@pytest.mark.parametrize("g_noise", ["same", "fresh"])
def test_gs_step_is_on_the_same_or_on_fresh_noise(g_noise):
    gan = trained(30, g_noise=g_noise)
    gan.opt_D.param_groups[0]["lr"] = 0.0  # D stands still, so that only the noise tells the two apart
    before, measured = first_step(gan, pictures(seed=9))
    z = torch.randn(8, 8, generator=before["rng"])
    unused = torch.randn(8, 8, generator=before["rng"])
    losses = [-logsigmoid(before["D"](before["G"](each))).mean().item() for each in (z, unused)]
    assert abs(losses[0] - losses[1]) > 1e-3
    assert measured["g_loss"].item() == pytest.approx(losses[g_noise == "fresh"], rel=1e-4)
    again = torch.Generator()
    again.set_state(gan.z_rng.get_state())
    following = torch.randn(8, generator=again)
    if g_noise == "fresh":
        assert torch.equal(following, torch.randn(8, generator=before["rng"]))


@pytest.mark.parametrize("d_batch", ["apart", "together"])
def test_one_batch_of_real_and_fake_shares_its_batchnorm_statistics(d_batch):
    gan = trained(20, d_batch=d_batch)
    before, measured = first_step(gan, pictures(seed=9))
    fake = before["G"](torch.randn(8, 8, generator=before["rng"])).detach()
    D, real = before["D"], pictures(seed=9)
    apart = torch.cat([D(real), D(fake)])
    together = D(torch.cat([real, fake]))
    shuffle = torch.randperm(16, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(D(torch.cat([real, fake])[shuffle]), together[shuffle], rtol=1e-4, atol=1e-5)
    losses = [-(logsigmoid(each[:8]).mean() + logsigmoid(-each[8:]).mean()) for each in (apart, together)]
    assert abs(losses[0] - losses[1]) > 1e-3
    assert measured["d_loss"].item() == pytest.approx(losses[d_batch == "together"].item(), rel=1e-4)
    if d_batch == "together":  # what is minimised is the mean over all 16
        gradients = torch.autograd.grad(losses[1] / 2, list(D.parameters()))
        for parameter, gradient in zip(gan.D.parameters(), gradients, strict=True):
            torch.testing.assert_close(parameter.grad, gradient, rtol=1e-3, atol=1e-6)


def test_flipped_labels_are_the_same_game_seen_in_a_mirror():
    """D then says how likely a picture is fake: with the last layer negated, both games are one."""
    plain, flipped = GAN(TINY, CPU), GAN(TINY.replace(labels="flipped"), CPU)
    assert_same(plain.step(pictures()), flipped.step(pictures()))


def test_only_ds_labels_are_noisy():
    gan = trained(3, label_noise=0.3)
    gan.opt_D.param_groups[0]["lr"] = 0.0
    before, measured = first_step(gan, pictures(seed=9))
    g_loss = -logsigmoid(before["D"](before["G"](torch.randn(8, 8, generator=before["rng"])))).mean()
    assert measured["g_loss"].item() == pytest.approx(g_loss.item(), rel=1e-4)


def test_gradients_are_cut_off_at_the_clip_value():
    free, clipped = trained(3), trained(3, clip_value=1e-3)
    for player in ("G", "D"):
        largest = [max(p.grad.abs().max().item() for p in getattr(gan, player).parameters()) for gan in (free, clipped)]
        assert largest[0] > 2e-3 and largest[1] == pytest.approx(1e-3)


def test_rmsprop_takes_kerass_steps():
    gan = GAN(TINY.replace(optimizer="rmsprop", lr_d=1e-3, epsilon=1e-7), CPU)
    before, square = weights(gan.D), 0.0
    for i in range(3):
        gan.step(pictures(seed=i))
        gradient = torch.cat([p.grad.flatten() for p in gan.D.parameters()])
        square = 0.9 * square + 0.1 * gradient.square()
        before = before - 1e-3 * gradient / (square.sqrt() + 1e-7)
    torch.testing.assert_close(weights(gan.D), before, rtol=1e-3, atol=1e-5)


def test_learning_rates_decay_as_in_keras():
    gan = GAN(TINY.replace(lr_g=0.01, lr_d=0.02, lr_decay=0.5), CPU)
    for i in range(4):
        gan.step(pictures(seed=i))
        for optimiser, lr in ((gan.opt_G, 0.01), (gan.opt_D, 0.02)):
            assert optimiser.param_groups[0]["lr"] == pytest.approx(lr / (1 + 0.5 * i))


def test_dropout_is_drawn_anew_at_every_look():
    gan = GAN(TINY.replace(dropout=0.5), CPU)
    assert not torch.equal(gan.D(pictures()), gan.D(pictures()))


# -- randomness


OWN_STREAMS = [{}, {"augment": "on", "dropout": 0.3, "label_noise": 0.05, "g_noise": "fresh", "d_batch": "together"}]


@pytest.mark.parametrize("values", OWN_STREAMS)
def test_a_step_touches_no_global_random_state_and_repeats_exactly(values):
    states = []
    for noise in (1, 2):
        torch.manual_seed(noise)
        gan = GAN(TINY.replace(**values), CPU)
        before = torch.get_rng_state()
        for i in range(5):
            gan.step(pictures(seed=i))
        gan.ema_generator()
        assert torch.equal(torch.get_rng_state(), before)
        states.append(gan.state_dict())
    assert_same(*states)


def test_another_seed_is_another_run():
    assert not torch.equal(weights(GAN(TINY, CPU).G), weights(GAN(TINY.replace(seed=1), CPU).G))


@pytest.mark.parametrize("prior", ["normal", "uniform"])
def test_z_follows_its_prior(prior):
    z = GAN(TINY.replace(z_prior=prior), CPU).draw_z(20_000)
    assert z.shape == (20_000, 8)
    spread = 1 if prior == "normal" else math.sqrt(1 / 3)
    assert abs(z.mean()) < 0.01 and z.std().item() == pytest.approx(spread, rel=0.02)
    assert (z.abs().max() <= 1) == (prior == "uniform")


@pytest.mark.parametrize("values", [*OWN_STREAMS, {"optimizer": "rmsprop", "lr_decay": 0.1, "clip_value": 0.01}])
def test_a_saved_game_goes_on_exactly(values):
    gan = trained(7, **values)
    gan.ema_generator()
    saved = copy.deepcopy(gan.state_dict())
    other = GAN(TINY.replace(**values), CPU)
    other.load_state_dict(saved)
    for i in range(5):
        assert_same(gan.step(pictures(seed=i)), other.step(pictures(seed=i)))
    assert_same(gan.state_dict(), other.state_dict())


def test_a_state_saved_before_there_was_dropout_still_loads():
    gan = trained(2)
    state = copy.deepcopy(gan.state_dict())
    del state["noise_rng"]
    other = GAN(TINY, CPU)
    other.load_state_dict(state)
    assert_same(gan.step(pictures()), other.step(pictures()))


# -- looking on


def test_g_is_held_to_enlargements_where_d_sees_what_was_enlarged():
    """D can't see the finest checkerboard of a picture, and G unlearns it all the same."""
    config = TINY.replace(
        image_size=64, ngf=8, ndf=8, d_sees="original", crop="pad", lr_g=1e-2, lr_d=1e-9, augment="shift"
    )
    gan, real = GAN(config, CPU), pictures(16).repeat_interleave(4, 2).repeat_interleave(4, 3)
    looks, z = gan._originals, gan.draw_z(16)
    made = gan.draw(z)
    checkers = 0.1 * (torch.arange(64) % 2 * 2 - 1.0)
    moved = made + looks.rest(checkers * checkers[:, None] * 10).expand_as(made)
    torch.testing.assert_close(gan.logits(moved), gan.logits(made), atol=1e-3, rtol=1e-2)
    before = looks.rest(made).square().mean()
    for _ in range(40):
        gan.step(real)
    with torch.no_grad():
        assert looks.rest(gan.draw(z)).square().mean() < 0.3 * before + 1e-4


def test_sampling_changes_nothing_that_training_depends_on():
    watched, alone = GAN(TINY, CPU), GAN(TINY, CPU)
    for i in range(6):
        for name in ("G", "D", "opt_G", "opt_D", "z_rng"):
            assert_same(watched.state_dict()[name], alone.state_dict()[name])
        assert_same(dict(watched.ema.named_parameters()), dict(alone.ema.named_parameters()))
        before = copy.deepcopy(watched.state_dict())
        watched.ema_generator()(torch.randn(4, 8))
        after = watched.state_dict()
        for name in ("G", "D", "opt_G", "opt_D", "z_rng"):
            assert_same(before[name], after[name])
        assert watched.G.training and watched.D.training
        watched.step(pictures(seed=i))
        alone.step(pictures(seed=i))
    assert_same(watched.ema_generator().state_dict(), alone.ema_generator().state_dict())
