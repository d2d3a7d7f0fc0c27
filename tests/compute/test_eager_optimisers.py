"""The optimisers without a compiler move weights as PyTorch's own do, and keep the same state."""

import pytest
import torch

from dcgan.compute import eager_optimisers


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("Adam", {"lr": 0.02, "betas": (0.5, 0.9), "fused": True}),
        ("AdamW", {"lr": 0.02, "weight_decay": 0.1}),
        ("RMSprop", {"lr": 0.01}),
    ],
)
def test_steps_and_states_are_those_of_pytorch(name, settings):
    ends = []
    for kinds in ((eager_optimisers, torch.optim), (torch.optim, eager_optimisers)):  # each goes on from the other's
        weight = torch.linspace(-1, 1, 12).view(3, 4).requires_grad_()
        states: list[dict] = []
        for kind in kinds:
            optimiser = getattr(kind, name)([weight], **settings)
            for state in states:
                optimiser.load_state_dict(state)
            for _ in range(3):
                optimiser.zero_grad()
                weight.sin().sum().backward()
                optimiser.step()
            assert torch.is_grad_enabled()
            states = [optimiser.state_dict()]
        ends.append((weight.detach(), states[0]))
    torch.testing.assert_close(ends[0], ends[1], rtol=0, atol=0)
