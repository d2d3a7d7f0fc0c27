"""A GPU that PyTorch lists but can't compute on: auto goes on without it and says so, a wish for it is refused."""

import warnings

import pytest
import torch

from dcgan.compute import devices, trial
from dcgan.errors import BadInput
from dcgan.runs.run import Run
from tests.training.test_loop import play

NO_CODE = torch.AcceleratorError("CUDA error: no kernel image is available for execution on the device\nmore")
FULL = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 MiB.")
BUSY = torch.AcceleratorError("CUDA error: CUDA-capable device(s) is/are busy or unavailable")
OTHER = RuntimeError("cuDNN error: CUDNN_STATUS_NOT_INITIALIZED")


@pytest.fixture
def broken(monkeypatch):
    """Lists a GPU whose first operation raises the error that is given; None if it comes to its end."""

    def make(error):
        def compute(device):
            if error:
                raise error

        monkeypatch.setattr(trial, "_compute", compute)

    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "Tesla V100")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (7, 0))
    offered = {"13.0": {"x86_64": {75, 90}}, "12.6": {"x86_64": {50, 70}, "aarch64": {90}}}
    monkeypatch.setattr(torch.cuda, "PYTORCH_RELEASES_CODE_CC", offered, raising=False)
    return make


@pytest.mark.parametrize(
    ("error", "reason", "remedy"),
    [
        (NO_CODE, "has no code for Tesla V100", "install its build for CUDA 12.6, which pytorch.org offers"),
        (FULL, "other programs hold its memory", "end them"),
        (BUSY, "other programs hold its memory, or all of it", "end them"),
        (OTHER, "its first operation failed (cuDNN error: CUDNN_STATUS_NOT_INITIALIZED)", "update its driver"),
    ],
)
def test_auto_goes_on_without_a_broken_gpu_and_a_wish_for_it_is_refused(broken, error, reason, remedy):
    broken(error)
    assert devices.pick_device("auto").type == "cpu"
    notice = devices.passed_over("auto")
    assert reason in notice and notice.endswith(f"{remedy}.") and "\n" not in notice
    assert devices.passed_over("cpu") == devices.passed_over("cuda") == ""
    with pytest.raises(BadInput) as refused:
        devices.pick_device("cuda")
    assert f"{reason}" in str(refused.value) and str(refused.value).endswith(f"{remedy}, or use device=auto.")


def test_a_gpu_that_computes_is_taken(broken):
    broken(None)
    assert devices.pick_device("auto").type == devices.pick_device("cuda").type == "cuda"
    assert devices.passed_over("auto") == ""


def test_each_process_of_several_tries_the_gpu_of_its_number(broken, monkeypatch):
    tried = []
    monkeypatch.setattr(trial, "_compute", lambda device: tried.append(device.index))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    for rank in "0", "1", "2":  # there is no third, which the team refuses
        monkeypatch.setenv("LOCAL_RANK", rank)
        devices.pick_device("auto")
    assert tried == [0, 1, 0]


def test_what_is_missing_for_a_gpu_is_named(broken, monkeypatch):
    def too_old() -> bool:
        warnings.warn("CUDA initialization: The NVIDIA driver on your system is too old (found 11040).", stacklevel=1)
        return False

    monkeypatch.setattr(torch.cuda, "is_available", too_old)
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    assert "its driver is too old for this PyTorch. To train on it, update the driver." in devices.passed_over("auto")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", None)
    with pytest.raises(
        BadInput, match="none here; install the build of PyTorch for your GPU, which pytorch.org offers"
    ):
        devices.pick_device("cuda")
    assert devices.passed_over("auto") == ""


def test_a_training_says_why_it_leaves_a_gpu_out(monkeypatch, root, tiny):
    found = trial.Trouble("PyTorch has no code for Tesla V100", "install another build")
    monkeypatch.setattr(devices, "trouble", lambda kind: found if kind == "cuda" else trial.NONE)
    status = play(Run.create(tiny.replace(num_steps=1, device="auto"), root, "left-out"))
    assert status.state == "finished" and status.device.startswith("CPU")
    assert status.notice.startswith("The GPU is not used: PyTorch has no code for Tesla V100. To train on it, install ")
