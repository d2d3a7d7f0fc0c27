"""The two networks follow the rules of Radford et al. 2016, section 3, at every size."""

import math

import pytest
import torch
from torch import nn

from dcgan.config import LAYOUTS, Config
from dcgan.errors import BadInput
from dcgan.networks.architectures import NORMS, Dropout
from dcgan.networks.models import Discriminator, Generator, initialise
from dcgan.training.microbatch import Noise

SIZES = [(size, channels) for size in (16, 28, 32, 64, 128) for channels in (1, 3)]


def small(image_size: int = 16, channels: int = 1, **values) -> Config:
    return Config(image_size=image_size, channels=channels, **({"z_dim": 8, "ngf": 4, "ndf": 4} | values))


def kinds(network: nn.Module) -> list[list[type]]:
    return [[type(layer) for layer in block] for block in network.blocks]  # type: ignore[union-attr]


@pytest.mark.parametrize(("image_size", "channels"), SIZES)
def test_the_generator_makes_pictures_within_the_range_of_tanh(image_size, channels):
    generator = Generator(small(image_size, channels))
    with torch.no_grad():
        pictures = generator(1000 * torch.randn(3, 8))  # far beyond the prior
    assert pictures.shape == (3, channels, image_size, image_size)
    assert pictures.abs().max() <= 1 and pictures.std() > 0


@pytest.mark.parametrize(("image_size", "channels"), SIZES)
def test_the_discriminator_gives_one_unbounded_number_per_picture(image_size, channels):
    discriminator = Discriminator(small(image_size, channels))
    initialise(discriminator, torch.Generator().manual_seed(0))
    with torch.no_grad():
        logits = discriminator(torch.randn(5, channels, image_size, image_size))
        list(discriminator.parameters())[-1].fill_(-30.0)  # a sigmoid would have hidden this
        shifted = discriminator(torch.randn(5, channels, image_size, image_size))
    assert logits.shape == (5,) and logits.std() > 0
    assert shifted.max() < -20


@pytest.mark.parametrize("image_size", [16, 32, 64, 128])
def test_the_generator_follows_the_papers_rules(image_size):
    network = Generator(small(image_size))
    hidden = [nn.ConvTranspose2d, nn.BatchNorm2d, nn.ReLU]
    doublings = int(math.log2(image_size)) - 2  # from 4x4 to the picture
    assert kinds(network) == [hidden] * doublings + [[nn.ConvTranspose2d, nn.Tanh]]
    convs = [module for module in network.modules() if isinstance(module, nn.ConvTranspose2d)]
    assert [conv.stride for conv in convs] == [(1, 1)] + [(2, 2)] * doublings
    assert [conv.out_channels for conv in convs] == [4 * 2**i for i in range(doublings - 1, -1, -1)] + [1]
    assert [conv.bias is not None for conv in convs] == [False] * doublings + [True]  # BatchNorm has its own shift


@pytest.mark.parametrize("image_size", [16, 32, 64, 128])
def test_the_discriminator_follows_the_papers_rules(image_size):
    network = Discriminator(small(image_size))
    halvings = int(math.log2(image_size)) - 2  # from the picture to 4x4
    first, hidden = [nn.Conv2d, nn.LeakyReLU], [nn.Conv2d, nn.BatchNorm2d, nn.LeakyReLU]
    assert kinds(network) == [first] + [hidden] * (halvings - 1) + [[nn.Conv2d]]
    convs = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    assert [conv.stride for conv in convs] == [(2, 2)] * halvings + [(1, 1)]
    assert [conv.out_channels for conv in convs] == [4 * 2**i for i in range(halvings)] + [1]
    slopes = {module.negative_slope for module in network.modules() if isinstance(module, nn.LeakyReLU)}
    assert slopes == {0.2}


def test_the_classic_sizes_have_the_known_numbers_of_parameters():
    """PyTorch's DCGAN example at 64 px and 3 channels has 3,576,704 in G and 2,765,568 in D; ours add biases."""
    config = Config(channels=3)
    with torch.device("meta"):
        counts = [sum(p.numel() for p in net(config).parameters()) for net in (Generator, Discriminator)]
    assert counts == [3_576_704 + 3, 2_765_568 + 64 + 1]


def test_initial_weights_have_the_papers_spread():
    generator, discriminator = Generator(small(32, ngf=32)), Discriminator(small(32, ndf=32))
    rng = torch.Generator().manual_seed(0)
    for network in (generator, discriminator):
        initialise(network, rng)
        norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
        convs = [m for m in network.modules() if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d))]
        weights = torch.cat([conv.weight.flatten() for conv in convs])
        scales = torch.cat([norm.weight.flatten() for norm in norms])
        biases = [conv.bias for conv in convs if conv.bias is not None] + [norm.bias for norm in norms]
        for values, mean in ((weights, 0.0), (scales, 1.0)):
            error = 4 * 0.02 / math.sqrt(len(values))  # four standard errors
            assert abs(values.mean().item() - mean) < error
            assert abs(values.std().item() - 0.02) < error
        assert len(biases) > 1 and all((bias == 0).all() for bias in biases)


def test_a_seed_gives_the_same_weights_whatever_the_global_random_state():
    networks = []
    for seed, noise in ((5, 1), (5, 2), (6, 1)):
        torch.manual_seed(noise)
        network = Generator(small())
        initialise(network, torch.Generator().manual_seed(seed))
        networks.append(torch.cat([p.detach().flatten() for p in network.parameters()]))
    assert torch.equal(networks[0], networks[1]) and not torch.equal(networks[0], networks[2])


# -- options of the network by the rules


OPTIONS = [
    {"stem": "dense"},
    {"kernel": 5},
    {"stem": "dense", "kernel": 5, "norm_g": "none", "norm_d": "none"},
    {"norm_d": "none", "d_growth": 1, "conv_bias": "always"},
    {"g_activation": "selu", "output": "sigmoid", "dropout": 0.3},
    {"g_activation": "leaky-relu", "leak": 0.1, "z_dim": 1},
]


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: ", ".join(map(str, options.values())))
@pytest.mark.parametrize(("image_size", "channels"), SIZES)
def test_every_option_works_at_every_size(image_size, channels, options):
    config = small(image_size, channels, **({"ngf": 2, "ndf": 2} | options))
    generator, discriminator = Generator(config), Discriminator(config)
    with torch.no_grad():
        pictures = generator(torch.randn(2, config.z_dim))
        logits = discriminator(pictures)
    assert pictures.shape == (2, channels, image_size, image_size) and pictures.abs().max() <= 1
    assert logits.shape == (2,) and torch.isfinite(logits).all()


def layers(network: nn.Module, kind) -> list:
    return [module for module in network.modules() if isinstance(module, kind)]


def test_an_option_changes_what_it_says():
    def g(**values):
        return Generator(small(32, **values))

    def d(**values):
        return Discriminator(small(32, **values))

    convs = (nn.Conv2d, nn.ConvTranspose2d)
    assert len(layers(g(stem="dense"), nn.Linear)) == 1 and not layers(g(), nn.Linear)
    assert {m.kernel_size for m in layers(g(kernel=5), convs)[1:]} == {(5, 5)}
    assert {m.kernel_size for m in layers(d(kernel=5), convs)[:-1]} == {(5, 5)}
    assert not layers(g(norm_g="none"), NORMS) and layers(g(norm_d="none"), NORMS)
    assert not layers(d(norm_d="none"), NORMS) and layers(d(norm_g="none"), NORMS)
    assert all(m.bias is not None for m in layers(g(norm_g="none"), convs) + layers(g(conv_bias="always"), convs))
    assert len(layers(g(g_activation="selu"), nn.SELU)) == 3 and not layers(g(g_activation="selu"), nn.ReLU)
    assert {m.negative_slope for m in layers(g(g_activation="leaky-relu", leak=0.1), nn.LeakyReLU)} == {0.1}
    assert [m.share for m in layers(d(dropout=0.3), Dropout)] == [0.3] * 3 and not layers(d(), Dropout)
    assert [m.out_channels for m in layers(d(d_growth=4), convs)] == [4, 16, 64, 1]


def test_with_a_sigmoid_pictures_are_still_from_minus_one_to_one():
    config = small(28, output="sigmoid", stem="dense")
    generator, discriminator = Generator(config), Discriminator(config)
    nn.init.normal_(layers(generator, nn.ConvTranspose2d)[-1].weight)  # so that dark and bright are reached
    seen = []
    layers(discriminator, nn.Conv2d)[0].register_forward_hook(lambda module, inputs, output: seen.append(inputs[0]))
    inner = []
    layers(generator, nn.Sigmoid)[0].register_forward_hook(lambda module, inputs, output: inner.append(output))
    with torch.no_grad():
        pictures = generator(100 * torch.randn(4, 8))
        discriminator(pictures)
    assert pictures.min() < -0.9 and pictures.max() > 0.9
    torch.testing.assert_close(seen[0], inner[0])  # D is shown the pictures as the sigmoid made them
    assert seen[0].min() >= 0 and seen[0].max() <= 1


def test_dropout_leaves_out_its_share_from_its_own_stream():
    dropout, x = Dropout(0.3), torch.ones(200, 500)
    assert torch.equal(dropout(x), x)  # nobody has given it a stream
    dropout.noise = Noise(torch.Generator().manual_seed(1))
    torch.manual_seed(0)
    before = torch.get_rng_state()
    once, again = dropout(x), dropout(x)
    assert torch.equal(torch.get_rng_state(), before) and not torch.equal(once, again)
    assert (once == 0).float().mean().item() == pytest.approx(0.3, abs=0.01)
    assert once.mean().item() == pytest.approx(1, abs=0.01)
    dropout.noise.rng.manual_seed(1)
    assert torch.equal(dropout(x), once)
    assert torch.equal(dropout.eval()(x), x)


def test_initial_weights_of_keras_are_glorots():
    network = Generator(small(28, stem="dense", ngf=32, conv_bias="always", norm_g="batch"))
    initialise(network, torch.Generator().manual_seed(0), "keras")
    for module in layers(network, (nn.Linear, nn.ConvTranspose2d)):
        field = math.prod(getattr(module, "kernel_size", (1,)))
        limit = math.sqrt(6 / ((module.weight.shape[0] + module.weight.shape[1]) * field))
        assert limit * 0.95 < module.weight.abs().max() <= limit
        assert (module.bias == 0).all()
    assert all((m.weight == 1).all() and (m.bias == 0).all() for m in layers(network, NORMS))


@pytest.mark.parametrize("architecture", [name for name in LAYOUTS if name != "dcgan"])
def test_a_published_layout_refuses_what_it_does_not_have(architecture):
    fixed = LAYOUTS[architecture]
    assert Config(architecture=architecture, **fixed).architecture == architecture
    with pytest.raises(BadInput, match=f"^architecture {architecture} goes with image_size={fixed['image_size']}, "):
        Config(architecture=architecture, **{**fixed, "image_size": 32})


def test_many_pictures_of_the_wide_network_are_made_in_parts(monkeypatch):
    fixed = LAYOUTS["faces-128"]
    generator = Generator(Config(architecture="faces-128", ngf=1, z_dim=4, **fixed)).eval()
    sizes = []
    generator.blocks[0].register_forward_hook(lambda module, inputs, output: sizes.append(len(output)))
    with torch.no_grad():
        together = generator(z := torch.randn(35, 4))
        torch.testing.assert_close(together[20:22], generator(z[20:22]), rtol=0, atol=1e-6)
    assert sizes == [16, 16, 3, 2]
