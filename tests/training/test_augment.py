"""What D sees: every change within its bounds, the same for any division of the batch, with exact gradients."""

import pytest
import torch

from dcgan.training.augment import FEW_PICTURES, augment, wanted
from dcgan.training.gan import GAN
from dcgan.training.microbatch import Noise, Part
from tests.training.test_gan import CPU, TINY


class Fixed(Noise):
    """Gives the same six numbers to every picture: brightness, contrast, down, right, and the hole's two."""

    def __init__(self, *numbers: float) -> None:
        self.numbers = torch.tensor(numbers)

    def rand(self, shape: torch.Size) -> torch.Tensor:
        return self.numbers.expand(shape)


def noise(seed: int = 0) -> Noise:
    return Noise(torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("setting", "pictures", "answer"),
    [
        ("off", 10, "off"),
        ("shift", 10, "shift"),
        ("on", 10**6, "on"),
        ("auto", FEW_PICTURES - 1, "on"),
        ("auto", FEW_PICTURES, "off"),
        ("auto-shift", FEW_PICTURES - 1, "on"),
        ("auto-shift", FEW_PICTURES, "shift"),
    ],
)
def test_auto_is_for_few_pictures(setting, pictures, answer):
    assert wanted(setting, pictures) == answer
    assert GAN(TINY.replace(augment=setting), CPU, pictures=pictures).augments == answer


def test_a_shift_moves_the_picture_and_leaves_grey_behind():
    x = torch.arange(1.0, 65).reshape(1, 1, 8, 8) / 64
    moved = augment(x, Fixed(0.5, 0.5, 0.99, 0.0, 0.0, 0.0), "on")[0, 0]  # one down, one to the left
    uncut = torch.ones(8, 8, dtype=torch.bool)
    uncut[:2, :2] = False  # the hole about the first corner
    expected = torch.zeros(8, 8)
    expected[1:, :-1] = x[0, 0, :-1, 1:]
    torch.testing.assert_close(moved[uncut], expected[uncut])
    assert (moved[:2, :2] == 0).all()


def test_brightness_and_contrast_keep_to_their_bounds():
    x = torch.tensor([-0.5, 0.5]).repeat(32).reshape(1, 1, 8, 8)
    bright = augment(x, Fixed(1.0, 0.5, 0.5, 0.5, 0.0, 0.0), "on")[0, 0, 4:]
    torch.testing.assert_close(bright, x[0, 0, 4:] + 0.5)
    strong = augment(x, Fixed(0.5, 1.0, 0.5, 0.5, 0.0, 0.0), "on")[0, 0, 4:]
    torch.testing.assert_close(strong, 1.5 * x[0, 0, 4:])


def test_every_picture_changes_in_its_own_way_and_holes_cover_up_to_a_quarter():
    x = torch.ones(500, 3, 16, 16)
    seen = augment(x, noise(), "on")
    assert seen.shape == x.shape and len({tuple(picture.flatten().tolist()) for picture in seen}) > 490
    holes = (seen == 0).all(1).float().mean((1, 2))  # share of each picture
    assert holes.min() >= 1 / 16 and holes.max() <= 1 / 4 + 1 / 4 + 0.01  # a shift by an eighth leaves grey as well
    assert not torch.equal(augment(x, noise(1), "on"), seen) and torch.equal(augment(x, noise(), "on"), seen)


def test_a_small_shift_repeats_the_edge_and_changes_nothing_else():
    x = torch.arange(1.0, 257).reshape(1, 1, 16, 16)
    moved = augment(x, Fixed(0.99, 0.0), "shift")[0, 0]  # one down, one to the left
    rows, columns = torch.arange(16).sub(1).clamp(min=0), torch.arange(16).add(1).clamp(max=15)
    assert torch.equal(moved, x[0, 0][rows][:, columns])
    assert torch.equal(augment(x, Fixed(0.5, 0.5), "shift"), x)
    many = augment(x.expand(300, -1, -1, -1), noise(), "shift")
    assert len({tuple(picture.flatten().tolist()) for picture in many}) == 9, "a pixel each way, or none"


@pytest.mark.parametrize("how", ["shift", "on"])
def test_a_part_of_a_batch_is_changed_as_in_the_whole(how):
    x = torch.rand(6, 1, 16, 16)
    whole, part = augment(x, noise(), how), noise()
    part.part = Part(2, 5, 6)
    assert torch.equal(augment(x[2:5], part, how), whole[2:5])


@pytest.mark.parametrize("how", ["shift", "on"])
def test_gradients_pass_through(how):
    x = torch.rand(3, 2, 8, 8, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda each: augment(each, noise(), how), (x,))


def test_g_learns_from_what_d_sees():
    """D looks at changed pictures only, in its own step and in G's, and G's gradient comes through the change."""
    gan, seen = GAN(TINY.replace(augment="on"), CPU), []
    gan.D.blocks.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].detach().clone()))
    real = torch.ones(8, 1, 16, 16) * 0.7
    gan.step(real)
    assert len(seen) == 3 and all((each == 0).flatten(1).any(1).all() for each in seen)  # the holes
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in gan.G.parameters())
