"""Other people's generators draw here what they draw where they come from."""

import numpy as np
import pytest
import torch
from torch import nn

from dcgan.errors import BadInput
from dcgan.images.grids import to_uint8
from dcgan.imports.foreign_layout import generator_in
from dcgan.latent.render import render
from dcgan.latent.seeds import z_from_seeds
from tests.files import refuse
from tests.foreign import Example, as_if_trained


def found(tensors: dict[str, torch.Tensor], **settings: object):
    return generator_in([("", tensors)], "x.pth", **settings)[1]


def differs(theirs: nn.Module, ours, as_map: bool = True) -> int:
    """The largest difference of 8 pictures, in grey levels, after a look that there is something in them."""
    z = z_from_seeds(range(8), ours.config.z_dim)
    with torch.no_grad():
        expected = to_uint8(theirs(z[:, :, None, None] if as_map else z).numpy())
    drawn = render(ours, z)
    assert expected.shape == drawn.shape and np.ptp(expected) > 100
    return int(np.abs(expected.astype(int) - drawn).max())


@pytest.mark.parametrize(
    ("size", "nz", "ngf", "nc"), [(64, 100, 64, 3), (64, 128, 24, 1), (32, 1, 16, 3), (128, 33, 8, 3), (16, 10, 8, 1)]
)
def test_the_layout_of_pytorchs_example_at_any_size(size, nz, ngf, nc):
    theirs = as_if_trained(Example(size, nz, ngf, nc))
    ours = found(theirs.state_dict())
    assert (ours.config.image_size, ours.config.z_dim, ours.config.channels) == (size, nz, nc)
    assert differs(theirs, ours) <= 1


def test_names_in_front_and_numbers_of_half_precision_change_nothing():
    theirs = as_if_trained(Example(32, 20, 8, 3)).half().float()
    halves = {f"module.netG.{name}": tensor.half() for name, tensor in theirs.state_dict().items()}
    assert differs(theirs, found(halves)) <= 1


def test_g_and_d_in_one_dictionary():
    theirs = as_if_trained(Example(32, 20, 8, 3))
    judge = nn.Sequential(nn.Conv2d(3, 8, 4, 2, 1), nn.BatchNorm2d(8), nn.Conv2d(8, 1, 16))
    both = {f"netD.{name}": tensor for name, tensor in judge.state_dict().items()}
    both |= {f"netG.{name}": tensor for name, tensor in theirs.state_dict().items()}
    where, ours = generator_in([("", both)], "x.pth")
    assert where == "netG" and differs(theirs, ours) <= 1


def test_an_averaged_generator_comes_before_the_trained_one():
    averaged = as_if_trained(Example(16, 4, 4, 1), seed=1)
    networks = [("netG", as_if_trained(Example(16, 4, 4, 1)).state_dict()), ("netG_ema", averaged.state_dict())]
    where, ours = generator_in(networks, "x.pth")
    assert where == "netG_ema" and differs(averaged, ours) <= 1


class Named(nn.Module):
    """Layers by name, BatchNorm after some of them, biases everywhere, widths that don't halve, slopes in ReLU."""

    def __init__(self) -> None:
        super().__init__()
        self.bn1, self.bn3 = nn.BatchNorm2d(12), nn.BatchNorm2d(5)
        self.tconv1, self.tconv2 = nn.ConvTranspose2d(6, 12, 4), nn.ConvTranspose2d(12, 11, 4, 2, 1)
        self.tconv3, self.tconv4 = nn.ConvTranspose2d(11, 5, 4, 2, 1), nn.ConvTranspose2d(5, 3, 4, 2, 1)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        x = nn.functional.leaky_relu(self.bn1(self.tconv1(z)), 0.2)
        x = nn.functional.leaky_relu(self.tconv2(x), 0.2)
        return torch.tanh(self.tconv4(nn.functional.leaky_relu(self.bn3(self.tconv3(x)), 0.2)))


def test_other_names_uneven_widths_and_missing_norms():
    theirs = as_if_trained(Named())
    assert differs(theirs, found(theirs.state_dict(), g_activation="leaky-relu", leak=0.2)) <= 1
    assert differs(theirs, found(theirs.state_dict())) > 1, "the settings would be of no effect"


@pytest.mark.parametrize(("size", "kernel"), [(28, 4), (32, 5)])
def test_a_dense_layer_may_make_the_first_map(size, kernel):
    at = 7 if size == 28 else 8
    ups = [nn.ConvTranspose2d(8, 4, kernel, 2, (kernel - 1) // 2, kernel % 2, bias=False), nn.BatchNorm2d(4), nn.ReLU()]
    if size == 32:
        at = 4
        more = nn.ConvTranspose2d(16, 8, kernel, 2, (kernel - 1) // 2, kernel % 2)
        ups = [more, nn.BatchNorm2d(8), nn.ReLU(), *ups]
    width = 8 if size == 28 else 16
    stem = [nn.Linear(9, width * at * at), nn.Unflatten(1, (width, at, at)), nn.BatchNorm2d(width), nn.ReLU()]
    last = nn.ConvTranspose2d(4, 1, kernel, 2, (kernel - 1) // 2, kernel % 2)
    theirs = as_if_trained(nn.Sequential(*stem, *ups, last, nn.Tanh()))
    ours = found(theirs.state_dict())
    assert ours.config.stem == "dense" and differs(theirs, ours, as_map=False) <= 1


def test_what_does_not_fit_is_refused_with_what_was_found():
    judge = nn.Sequential(nn.Conv2d(3, 8, 4, 2, 1), nn.BatchNorm2d(8), nn.Conv2d(8, 1, 16)).state_dict()
    with refuse("x.pth", "1 or 3 channels", "8x3x4x4"):
        found(judge)
    with refuse("256 px, not of 16, 28, 32, 64, 128"):
        found(Example(256, 8, 1, 3).state_dict())
    with refuse("main.0.gamma"):
        found(Example(16, 8, 4, 3).state_dict() | {"main.0.gamma": torch.ones(3)})
    broken = Example(16, 8, 4, 3).state_dict()
    broken["main.0.weight"][0, 0, 0, 0] = float("nan")
    with refuse("main.0.weight", "no finite numbers"):
        found(broken)
    with refuse("1 or 3 channels"):
        found(Example(16, 8, 4, 2).state_dict())
    with refuse("kernels of 3x3"):
        found({"a.weight": torch.ones(4, 8, 4, 4), "b.weight": torch.ones(8, 3, 3, 3)})
    with refuse("fewer than two layers"):
        found({"a.weight": torch.ones(4, 8, 4, 4)})
    norm = nn.Sequential(
        nn.ConvTranspose2d(4, 8, 4), nn.InstanceNorm2d(8, affine=True), nn.ConvTranspose2d(8, 3, 4, 2, 1)
    )
    with refuse("BatchNorm with its running statistics"):
        found(norm.state_dict())


@pytest.mark.parametrize("seed", range(60))
def test_weights_of_odd_shapes_are_refused_and_never_guessed_at(seed):
    rng = torch.Generator().manual_seed(seed)
    tensors = dict(Example(16, 6, 4, 1).state_dict())
    names = [name for name in tensors if "num_batches" not in name]
    name = names[int(torch.randint(len(names), (), generator=rng))]
    shape = list(tensors[name].shape)
    at = len(shape) - 1 - int(torch.randint(min(3, len(shape)), (), generator=rng))  # any length of z will do
    shape[at] = [0, shape[at] + 1, max(0, shape[at] - 1), 2 * shape[at] + 3][seed % 4]
    tensors[name] = torch.ones(shape if seed % 5 else shape[1:])
    with pytest.raises(BadInput):
        found(tensors)


def test_a_shape_that_would_take_all_memory_is_refused_at_once():
    huge = {"a.weight": torch.ones(1).expand(4, 16384, 4, 4), "b.weight": torch.ones(1).expand(16384, 8192, 4, 4)}
    with refuse("more than 200,000,000 numbers"):
        found(huge | {"c.weight": torch.ones(1).expand(8192, 3, 4, 4)})
