"""A batch in parts is the batch: the same step, and a move that runs out of memory leaves nothing behind."""

import copy

import pytest
import torch

from dcgan.compute import devices
from dcgan.config import Config
from dcgan.errors import BadInput
from dcgan.training.gan import GAN
from dcgan.training.microbatch import Noise, Part, split
from tests.training.test_gan import CPU, TINY, assert_same, flat, pictures, trained, weights

NO_NORM = {"norm_g": "none", "norm_d": "none"}
GAMES = [
    {},
    {"g_noise": "fresh", "d_batch": "together"},
    {"label_noise": 0.3, "labels": "flipped"},
    {"dropout": 0.4, "label_noise": 0.3},
    {"dropout": 0.4, "d_batch": "together", "g_noise": "fresh"},
    {"optimizer": "rmsprop", "clip_value": 1e-3, "lr_decay": 0.1},
    {"augment": "on"},
    {"loss": "hinge"},
    {"loss": "wgan-gp", "augment": "shift", "dropout": 0.2},
    {"loss": "lsgan", "d_batch": "together"},
    {"loss": "relativistic", "augment": "on", "g_noise": "fresh"},
]


def assert_close(a, b) -> None:
    a, b = flat(a), flat(b)
    assert a.keys() == b.keys()
    for key in a:
        if isinstance(a[key], torch.Tensor):
            torch.testing.assert_close(a[key], b[key], rtol=1e-4, atol=2e-6, msg=key)


# -- parts


@pytest.mark.parametrize("rows", [2, 3, 8, 9, 64, 65])
@pytest.mark.parametrize("at_most", [0, 2, 3, 4, 16, 100])
def test_parts_are_the_batch_in_order_and_never_a_single_picture(rows, at_most):
    held = Part(10, 10 + rows, 200)
    parts = split(held, at_most)
    assert [row for part in parts for row in range(part.first, part.end)] == list(range(10, 10 + rows))
    sizes = [part.end - part.first for part in parts]
    assert min(sizes) >= 2 and max(sizes) - min(sizes) <= 1
    assert max(sizes) <= max(at_most or rows, 3)
    assert sum(part.share for part in parts) == pytest.approx(rows / 200)


def test_noise_for_a_part_is_that_of_the_whole_batch():
    whole = Noise(torch.Generator().manual_seed(1)).rand(torch.Size((2 * 10, 3)))
    rows = []
    for part in split(Part(0, 10, 10), 4):
        noise = Noise(torch.Generator().manual_seed(1))
        noise.part = part
        rows.append(noise.rand(torch.Size((2 * (part.end - part.first), 3))))
    assert len(rows) == 3
    assert torch.equal(torch.cat([part.chunk(2)[0] for part in rows]), whole[:10])
    assert torch.equal(torch.cat([part.chunk(2)[1] for part in rows]), whole[10:])


def test_a_part_of_a_single_picture_is_refused():
    with pytest.raises(BadInput, match="^micro_batch must be 0 or at least 2, which BatchNorm needs, not 1.$"):
        Config(micro_batch=1)


# -- a step


@pytest.mark.parametrize("micro_batch", [2, 3, 5])
@pytest.mark.parametrize("values", GAMES)
def test_without_batchnorm_steps_in_parts_are_steps_on_the_whole_batch(values, micro_batch):
    whole, parts = (GAN(TINY.replace(**NO_NORM, **values, micro_batch=n), CPU) for n in (0, micro_batch))
    for i in range(4):
        assert_close(whole.step(pictures(seed=i)), parts.step(pictures(seed=i)))
        for player in (whole.D, parts.D):
            assert all(p.requires_grad for p in player.parameters())
    for ours, theirs in zip(parts.G.parameters(), whole.G.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-4, atol=1e-7)
    assert_close(parts.state_dict(), whole.state_dict())
    for stream in ("z_rng", "noise_rng"):
        assert torch.equal(parts.state_dict()[stream], whole.state_dict()[stream])


def test_parts_pass_through_the_networks_one_by_one():
    """Memory is that of a part: neither network ever sees more pictures at once."""
    gan, seen = GAN(TINY.replace(micro_batch=3), CPU), []
    for network in (gan.G, gan.D.blocks):
        network.register_forward_pre_hook(lambda module, inputs: seen.append(len(inputs[0])))
    gan.step(pictures())
    assert sorted(set(seen)) == [2, 3] and len(seen) == 3 * (2 + 3)  # G in both moves; D on both kinds, then on fakes


@pytest.mark.parametrize("precision", ["float32", "auto"])
def test_with_batchnorm_every_part_has_statistics_of_its_own(precision):
    """So the step is near that of the whole batch, but not the same; and it is exactly repeated."""
    config = TINY.replace(ngf=16, ndf=16, precision=precision)
    whole, once, again = (GAN(config.replace(micro_batch=n), CPU) for n in (0, 4, 4))
    results = [[gan.step(pictures(seed=i)) for i in range(3)] for gan in (whole, once, again)]
    assert_same(once.state_dict(), again.state_dict())
    assert not torch.equal(weights(whole.D), weights(once.D))
    for name, value in results[0][0].items():
        assert results[1][0][name].item() == pytest.approx(value.item(), abs=0.1), name


# -- out of memory


class Hungry:
    """Makes the n-th pass of a network fail, as a device whose memory is full does."""

    def __init__(self, network: torch.nn.Module, n: int, error: BaseException) -> None:
        self.left, self.error = n, error
        self.hook = network.register_forward_hook(self)

    def __call__(self, module, inputs, output) -> None:
        self.left -= 1
        if self.left == 0:
            raise self.error


FULL = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


@pytest.mark.parametrize("values", [{}, GAMES[3], GAMES[4]])
@pytest.mark.parametrize("d_pass", [1, 2, 3])  # D's move looks at the real and then at the fakes, G's at the fakes
def test_a_move_that_failed_leaves_nothing_behind(values, d_pass):
    if values.get("d_batch") == "together" and d_pass == 3:
        d_pass = 2
    gan, calm = trained(3, **values), trained(3, **values)
    before = copy.deepcopy(gan.state_dict())
    hungry = Hungry(gan.D.blocks, d_pass, FULL)
    with pytest.raises(torch.OutOfMemoryError):
        gan.step(pictures(seed=9))
    gan.undo()
    hungry.hook.remove()
    between = bool(gan.begun)
    assert between == (d_pass == (2 if values.get("d_batch") == "together" else 3))
    after = gan.state_dict()
    for name in before if not between else ("ema", "opt_G", "steps"):  # G's statistics are from D's move
        assert_same(after[name], before[name])
    assert all(p.grad is None and p.requires_grad for network in (gan.G, gan.D) for p in network.parameters())

    saved = GAN(TINY.replace(**values), CPU)  # what is saved between two moves goes on as exactly
    saved.load_state_dict(copy.deepcopy(after))
    expected = calm.step(pictures(seed=9))
    for each in (gan, saved):
        assert_same(each.step(pictures(seed=9)), expected)
        assert_same(each.state_dict(), calm.state_dict())


def test_the_step_can_be_done_in_halves_after_a_failure_in_the_middle():
    values = {**NO_NORM, "dropout": 0.4, "label_noise": 0.3}
    gan, calm = trained(3, **values), trained(3, **values)
    hungry = Hungry(gan.D.blocks, 3, FULL)
    with pytest.raises(torch.OutOfMemoryError):
        gan.step(pictures(seed=9))
    gan.undo()
    hungry.hook.remove()
    assert gan.halve(8) and gan.at_once(8) == 4
    assert_close(gan.step(pictures(seed=9)), calm.step(pictures(seed=9)))
    for name in ("G", "D", "ema", "opt_G", "opt_D", "z_rng", "noise_rng"):
        assert_close(gan.state_dict()[name], calm.state_dict()[name])


def test_halving_ends_where_batchnorm_would():
    gan = GAN(TINY, CPU)
    assert [gan.halve(9), gan.at_most, gan.halve(9), gan.at_most, gan.halve(9)] == [True, 4, True, 2, False]
    small = GAN(TINY.replace(micro_batch=3), CPU)
    assert not small.halve(9) and small.at_most == 0


def test_errors_of_full_memory_are_told_from_others():
    full = [
        FULL,
        MemoryError(),
        RuntimeError("[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory: you"),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 800 bytes."),
        RuntimeError("could not create a primitive"),  # oneDNN's, under a limit on the address space
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    ]
    assert all(map(devices.is_out_of_memory, full))
    assert not devices.is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60)
    assert devices.is_out_of_memory(caught.value)  # the real words
