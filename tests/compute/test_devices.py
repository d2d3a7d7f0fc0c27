"""The device that trains: what a GPU does otherwise is done here by a CPU, on the same path."""

import copy

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from dcgan.compute import bfloat16, devices, kernels, trial
from dcgan.compute.devices import AUTOCAST, choose_precision, first_precision, pick_device
from dcgan.config import Config
from dcgan.data import batches
from dcgan.errors import BadInput
from dcgan.presets import PRESETS
from dcgan.training import gan as gan_module
from dcgan.training.gan import GAN
from tests.training.test_gan import CPU, TINY, assert_same, flat, pictures

CUDA = torch.device("cuda")


def test_the_device_is_picked_by_itself(monkeypatch):
    found = {"cuda": None, "mps": None}
    monkeypatch.setattr(devices, "trouble", lambda kind: found[kind])
    assert pick_device("auto").type == "cuda" and pick_device("mps").type == "mps" and pick_device("cpu") == CPU
    found["cuda"] = trial.NONE
    assert pick_device("auto").type == "mps"
    with pytest.raises(BadInput, match="^device is 'cuda', but PyTorch finds none here; use device=auto.$"):
        pick_device("cuda")
    found["mps"] = trial.NONE
    assert pick_device("auto") == CPU and devices.passed_over("auto") == ""


def test_a_gpu_takes_bfloat16_by_autocast_if_it_has_it_and_it_is_wished(monkeypatch):
    for has in (True, False):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation, has=has: has)
        assert choose_precision("auto", CUDA) == (AUTOCAST if has else "float32")
        assert choose_precision("float32", CUDA) == "float32"


def test_a_gpu_stays_in_float32_where_a_step_has_little_arithmetic(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: True)
    chosen = {name: devices.choose_for_step(preset.config, CUDA) for name, preset in PRESETS.items()}
    assert {name for name, route in chosen.items() if route == "float32"} == {
        *("quick", "quick-classes", "basic-dcgan", "three-sets-fashion")
    }
    assert set(chosen.values()) == {"float32", AUTOCAST}
    assert devices.choose_for_step(PRESETS["quick"].config.replace(batch_size=512), CUDA) == AUTOCAST
    assert first_precision("auto", CUDA) == AUTOCAST  # of all runs before


OURS = torch.nn.Sequential(torch.nn.Conv2d(16, 1, 4))  # the route of bfloat16.py takes it
OTHER = torch.nn.Linear(2, 2)
DENSE = torch.nn.Sequential(
    torch.nn.Linear(2, 64), torch.nn.Unflatten(1, (16, 2, 2)), torch.nn.ConvTranspose2d(16, 1, 4)
)


@pytest.mark.parametrize(
    "tiles, units, ours, other, before",
    [
        (True, True, "bfloat16", AUTOCAST, "bfloat16"),  # AMX
        (False, True, AUTOCAST, AUTOCAST, "float32"),  # AVX512-BF16, or AMX where the library can't load
        (False, False, "float32", "float32", "float32"),
    ],
)
def test_a_cpu_takes_the_fastest_route_that_there_is(monkeypatch, tiles, units, ours, other, before):
    monkeypatch.setattr(bfloat16, "pays_off", lambda device: tiles and device.type == "cpu")
    monkeypatch.setattr(devices, "cpu_multiplies_bfloat16", lambda: units)
    monkeypatch.setattr(kernels, "units", lambda: "matrix" if tiles else "")
    assert choose_precision("auto", CPU, OURS, OURS) == ours
    assert choose_precision("auto", CPU, OURS, OTHER) == other
    assert first_precision("auto", CPU, OURS) == before  # the only ones that states without a word for it can be of
    assert first_precision("auto", CPU, OTHER) == first_precision("auto", CPU, OURS, DENSE) == "float32"
    for choose in (choose_precision, first_precision):
        assert choose("float32", CPU, OURS) == choose("auto", torch.device("mps"), OURS) == "float32"


def test_a_cpu_whose_onednn_is_held_to_less_multiplies_in_float32(monkeypatch):
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: True)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    for pay in (True, False):
        monkeypatch.setattr(kernels, "vectors_pay", lambda pay=pay: pay)
        for held, multiplies in (("", True), ("AVX512_CORE_BF16", True), ("ALL", True), ("avx2", False)):
            monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", held)
            assert devices.cpu_multiplies_bfloat16() == (multiplies and pay)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: True)
    for held, multiplies in (("", True), ("AVX512_CORE_BF16", False), ("AVX2", False)):
        monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", held)
        assert devices.cpu_multiplies_bfloat16() == multiplies


def test_a_gpu_is_told_to_repeat_itself_and_a_cpu_is_left_alone(monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", True)
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", False)
    devices.repeat_exactly(CPU)
    assert torch.backends.cudnn.benchmark and not torch.backends.cudnn.deterministic
    devices.repeat_exactly(CUDA)
    assert torch.backends.cudnn.deterministic and not torch.backends.cudnn.benchmark


# -- bfloat16 by autocast, as on a GPU


def autocast(config: Config) -> GAN:
    gan = GAN(config, CPU)
    gan.precision = AUTOCAST  # also where it doesn't pay off
    return gan


@pytest.mark.parametrize("values", [{}, {"d_batch": "together", "g_noise": "fresh", "dropout": 0.3, "micro_batch": 4}])
def test_autocast_takes_the_steps_of_float32_but_for_rounding(values):
    config = TINY.replace(**values, lr_g=1e-5, lr_d=1e-5)
    half, full, types = autocast(config), GAN(config, CPU), set()
    first = next(module for module in half.D.modules() if isinstance(module, torch.nn.Conv2d))
    first.register_forward_hook(lambda module, inputs, output: types.add(output.dtype))
    for i in range(3):
        ours, theirs = half.step(pictures(seed=i)), full.step(pictures(seed=i))
        for name in ours:
            assert ours[name].dtype == torch.float32
            assert ours[name].item() == pytest.approx(theirs[name].item(), abs=0.02 if name != "d_accuracy" else 0.3)
    assert types == {torch.bfloat16}  # products are in bfloat16
    ours, theirs = (torch.cat([p.grad.flatten() for p in gan.D.parameters()]) for gan in (half, full))
    assert ours.dtype == torch.float32  # what is added up is not
    assert torch.nn.functional.cosine_similarity(ours, theirs, dim=0) > 0.99
    assert not torch.equal(ours, theirs)
    tensors = [value for value in flat(half.state_dict()).values() if isinstance(value, torch.Tensor)]
    assert not any(tensor.dtype == torch.bfloat16 for tensor in tensors)
    assert half.draw(half.draw_z(4)).dtype == half.logits(pictures(4)).dtype == torch.float32


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_takes_the_first_steps_of_float32_by_autocast(monkeypatch, name):
    monkeypatch.setattr(devices, "cpu_multiplies_bfloat16", lambda: True)
    monkeypatch.setattr(bfloat16, "pays_off", lambda device: False)
    config = PRESETS[name].config.replace(ngf=4, ndf=4, z_dim=8, batch_size=4, device="cpu")
    half, full = GAN(config, CPU), GAN(config.replace(precision="float32"), CPU)
    assert (half.precision, full.precision) == (AUTOCAST, "float32")
    real = torch.rand((4, config.channels, config.image_size, config.image_size), generator=half.z_rng) * 2 - 1
    full.z_rng.set_state(half.z_rng.get_state())
    labels = torch.arange(4) if config.num_classes else None
    ours, theirs = half.step(real, labels), full.step(real, labels)
    for loss in ("d_loss", "g_loss"):
        assert ours[loss].item() == pytest.approx(theirs[loss].item(), rel=0.03, abs=0.03)
    shown = [gan.ema_generator()(torch.ones(2, 8)) for gan in (half, full)]  # drawn in float32, both
    assert shown[0].dtype == torch.float32 and (shown[0] - shown[1]).abs().max() < 0.1


def test_a_state_says_its_precision_and_goes_on_in_it_where_it_is_there(monkeypatch):
    monkeypatch.setattr(bfloat16, "pays_off", lambda device: False)
    monkeypatch.setattr(devices, "cpu_multiplies_bfloat16", lambda: False)
    auto = TINY.replace(precision="auto")
    plain = GAN(auto, CPU)
    assert plain.precision == "float32"
    monkeypatch.setattr(devices, "cpu_multiplies_bfloat16", lambda: True)
    half = GAN(auto, CPU)
    assert (half.precision, half.state_dict()["precision"]) == (AUTOCAST, AUTOCAST)
    half.load_state_dict(plain.state_dict())
    assert half.is_exact and half.precision == "float32"
    old = plain.state_dict()
    del old["precision"]  # from before there was autocast on a CPU
    half = GAN(auto, CPU)
    half.load_state_dict(old)
    assert half.is_exact and half.precision == "float32"
    state = GAN(auto, CPU).state_dict()
    monkeypatch.setattr(devices, "cpu_multiplies_bfloat16", lambda: False)
    plain.load_state_dict(state)
    assert not plain.is_exact and plain.inexact == "route" and plain.precision == "float32"


def test_autocast_goes_on_exactly():
    gan, other = autocast(TINY), autocast(TINY)
    for i in range(3):
        gan.step(pictures(seed=i))
    other.load_state_dict(copy.deepcopy(gan.state_dict()))
    for i in range(3):
        assert_same(gan.step(pictures(seed=i)), other.step(pictures(seed=i)))
    assert_same(gan.state_dict(), other.state_dict())


# -- what a GPU's speed rests on


class Waits(TorchDispatchMode):
    """Collects the operations for which a program waits until a GPU has an answer."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        if name in ("_local_scalar_dense", "nonzero", "masked_select", "equal"):
            self.found.append(name)
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"dropout": 0.3, "label_noise": 0.05, "g_noise": "fresh", "micro_batch": 4, "augment": "on"},
        {"optimizer": "rmsprop", "lr_decay": 0.1, "clip_value": 0.01, "d_batch": "together"},
    ],
)
def test_a_step_never_waits_for_the_device(values):
    gan = autocast(TINY.replace(**values))
    gan.step(pictures())  # the first also makes the optimisers' state
    with Waits() as waits:
        gan.step(pictures(), train_g=False)
        measured = gan.step(pictures())
    assert waits.found == []
    with waits:
        measured["d_loss"].item()
    assert waits.found == ["_local_scalar_dense"]  # it would have been seen


def test_weights_and_pictures_are_channels_last_and_adam_is_fused():
    gan = GAN(TINY, CPU)
    for network in (gan.G, gan.D):
        assert all(p.is_contiguous(memory_format=torch.channels_last) for p in network.parameters() if p.dim() == 4)
    assert all(opt.defaults["fused"] for opt in (gan.opt_G, gan.opt_D))


def test_the_recipes_that_are_slower_so_are_not_channels_last():
    config = PRESETS["synthetic-1"].config.replace(precision="float32", ngf=4, ndf=4)
    gan = GAN(config, CPU)
    assert all(p.is_contiguous() for network in (gan.G, gan.D, gan.ema) for p in network.parameters())
    assert batches.layout(CPU, config.architecture, "autocast") == torch.channels_last


def test_on_mps_nothing_is_channels_last(monkeypatch):
    assert batches.layout(torch.device("mps")) == torch.contiguous_format
    before = GAN(TINY, CPU)
    before.step(pictures())
    monkeypatch.setattr(batches, "layout", lambda device: torch.contiguous_format)
    monkeypatch.setattr(gan_module, "layout", lambda device, *of: torch.contiguous_format)
    gan = GAN(TINY, CPU)
    assert all(p.is_contiguous() for network in (gan.G, gan.D, gan.ema) for p in network.parameters())
    images = np.zeros((4, 3, 8, 8), np.uint8)
    for room in (0, 10**9):
        assert batches.Feed(images, CPU, room).batch(torch.arange(2)).is_contiguous()

    # a state from another kind of device goes on with the same moments, weight by weight
    gan.load_state_dict(before.state_dict())
    for mine, theirs in ((gan.opt_G, before.opt_G), (gan.opt_D, before.opt_D)):
        for (weight, here), there in zip(mine.state.items(), theirs.state.values(), strict=True):
            assert here["exp_avg"].stride() == here["exp_avg_sq"].stride() == weight.stride()
            assert torch.equal(here["exp_avg"], there["exp_avg"])
