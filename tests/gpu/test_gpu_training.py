"""A GPU repeats itself, takes over from a CPU and gives back, does with less memory, and rounds as it may."""

import numpy as np
import pytest
import torch

from dcgan.compute import devices, trial
from dcgan.images.grids import to_uint8
from dcgan.latent.seeds import sample_seeds, z_from_seeds
from dcgan.networks.models import Generator
from dcgan.presets import PRESETS
from dcgan.runs.checkpoint import load_state, open_generator
from dcgan.runs.run import Run
from dcgan.training.gan import GAN
from tests.training.test_gan import TINY, pictures
from tests.training.test_loop import assert_same_end, play, play_to


@pytest.fixture
def new_run(root, tiny):
    def make(place: str, **values) -> Run:
        return Run.create(tiny.replace(**values), root / place, "same")

    return make


@pytest.mark.parametrize("values", [{}, {"d_steps": 2, "dropout": 0.3, "augment": "on"}, {"image_size": 64}])
def test_a_run_in_two_parts_ends_bit_for_bit_like_one_in_one(new_run, gpu, values):
    whole, parts = new_run("whole", device=gpu.type, **values), new_run("parts", device=gpu.type, **values)
    assert play(whole).state == "finished"
    play_to(parts, 5)
    assert play_to(parts, 12).state == "finished"
    assert_same_end(parts, whole)


def test_a_run_goes_from_the_cpu_to_the_gpu_and_back(new_run, gpu, monkeypatch):
    run = new_run("a", device="auto", dropout=0.3)
    for step, is_cpu in ((4, True), (8, False), (12, True)):
        with monkeypatch.context() as only:
            if is_cpu:
                only.setattr(devices, "trouble", lambda kind: trial.NONE)
            status = play_to(run, step)
        assert status.state == "finished" and status.device.startswith("CPU") == is_cpu
        assert ("another kind of device" in status.notice) == (step > 4)
    assert load_state(run)["step"] == 12


def test_where_memory_is_short_the_step_is_taken_in_halves(new_run, cuda):
    values = {"image_size": 64, "ngf": 64, "ndf": 64, "batch_size": 256, "num_steps": 4}
    run = new_run("short", device="cuda", **values)
    gan = GAN(run.config, cuda)
    for _ in range(2):  # the first also makes the optimisers' state
        gan.step(torch.zeros(256, 1, 64, 64, device=cuda))
    peak, total = torch.cuda.max_memory_reserved(cuda), torch.cuda.get_device_properties(cuda).total_memory
    del gan
    torch.cuda.empty_cache()
    try:
        torch.cuda.set_per_process_memory_fraction(0.8 * peak / total)
        status = play(run)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert status.state == "finished" and "Memory ran out in step" in status.notice
    assert load_state(run)["gan"]["at_most"] == 128 and run.samples()[-1] == 4


def test_bfloat16_takes_the_steps_of_float32_but_for_rounding(cuda):
    if not torch.cuda.is_bf16_supported(including_emulation=False):
        pytest.skip("this GPU has no bfloat16")
    config, losses = TINY.replace(lr_g=1e-5, lr_d=1e-5), []
    for precision in ("float32", devices.AUTOCAST):
        gan = GAN(config, cuda)
        gan.precision = precision
        for seed in range(3):
            measured = gan.step(pictures(seed=seed).to(cuda))
        losses.append(torch.stack([measured["d_loss"], measured["g_loss"]]).cpu())
    assert torch.allclose(*losses, atol=0.02) and not torch.equal(*losses)


@pytest.mark.parametrize("name", PRESETS)
def test_a_step_of_every_preset_never_waits_for_the_gpu(cuda, name):
    config = PRESETS[name].config.replace(batch_size=8)
    gan = GAN(config, cuda)
    real = torch.zeros(8, config.channels, config.image_size, config.image_size, device=cuda)
    gan.step(real)
    try:
        torch.cuda.set_sync_debug_mode("error")
        measured = gan.step(real)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert torch.stack(list(measured.values())).isfinite().all()


def test_a_sample_that_the_gpu_drew_is_drawn_again_by_the_cpu(new_run, gpu):
    run = new_run("a", device=gpu.type, image_size=64, ngf=32, ndf=32, num_samples=16)
    play(run)
    config, generator = run.config, open_generator(run)
    z = z_from_seeds(sample_seeds(config.seed, config.num_samples), config.z_dim, config.z_prior)
    twin = Generator(config)
    twin.load_state_dict(generator.state_dict())
    with torch.no_grad(), devices.full_float32():
        here = to_uint8(generator(z).numpy())
        there = to_uint8(twin.eval().to(gpu)(z.to(gpu)).cpu().numpy())
    apart = np.abs(here.astype(int) - there.astype(int))
    assert apart.max() <= 1 and apart.mean() < 0.001
