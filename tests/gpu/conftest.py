"""What only a GPU can tell; without one these tests are skipped. `python -m benchmarks.gpu` runs them, too."""

import pytest
import torch

from dcgan.compute import devices


@pytest.fixture
def gpu() -> torch.device:
    """The GPU that `auto` takes here."""
    kind = next((kind for kind in devices.GPUS if devices.trouble(kind) is None), None)
    if kind is None:
        pytest.skip("there is no GPU that computes")
    return torch.device(kind)


@pytest.fixture
def cuda(gpu) -> torch.device:
    """The same, if PyTorch has a count of its memory and of its waits."""
    if gpu.type != "cuda":
        pytest.skip("there is no CUDA here")
    return gpu
