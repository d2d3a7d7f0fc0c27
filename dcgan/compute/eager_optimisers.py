"""PyTorch's optimisers without their preparations for torch.compile, which import a compiler before the first step."""

from inspect import unwrap

import torch


class _Eager(torch.optim.Optimizer):
    """What every optimiser does beside its step; the wrappers taken off would take two seconds at their first call."""

    add_param_group = unwrap(torch.optim.Optimizer.add_param_group)
    load_state_dict = unwrap(torch.optim.Optimizer.load_state_dict)
    state_dict = unwrap(torch.optim.Optimizer.state_dict)
    zero_grad = unwrap(torch.optim.Optimizer.zero_grad)


class Adam(_Eager, torch.optim.Adam):
    step = torch.no_grad()(unwrap(torch.optim.Adam.step))


class AdamW(_Eager, torch.optim.AdamW):
    step = torch.no_grad()(unwrap(torch.optim.AdamW.step))


class RMSprop(_Eager, torch.optim.RMSprop):
    step = torch.no_grad()(unwrap(torch.optim.RMSprop.step))
