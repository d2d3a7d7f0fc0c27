"""What is inside a network: its layers, their sizes, and what flows through them."""

import copy
from typing import NamedTuple

import torch
from torch import Tensor, nn

from dcgan.checkpoint import load_state
from dcgan.config import BadInput, Config
from dcgan.models import Discriminator, Generator
from dcgan.runs import Run


class Layer(NamedTuple):
    name: str  # what it is, with kernel and stride
    shape: tuple[int, ...]  # of its output, without the batch
    parameters: int  # trainable numbers


def layer_tables(config: Config) -> dict[str, list[Layer]]:
    """The layers of G and D in order, without allocating any weights."""
    with torch.device("meta"):
        generator, discriminator = Generator(config), Discriminator(config)
        z = torch.empty(2, config.z_dim)
        pictures = torch.empty(2, config.channels, config.image_size, config.image_size)
    return {"G": _layers(generator, z), "D": _layers(discriminator, pictures)}


def count_parameters(config: Config) -> dict[str, int]:
    """Trainable parameters of G and D, and of both together."""
    counts = {name: sum(layer.parameters for layer in layers) for name, layers in layer_tables(config).items()}
    return counts | {"both": sum(counts.values())}


@torch.no_grad()
def feature_maps(generator: Generator, z: Tensor) -> list[Tensor]:
    """What each block of the generator makes of z (B, z_dim): a list of (B, C, H, W), the picture last."""
    maps, x = [], z[:, :, None, None]
    for block in generator.blocks:
        x = block(x)
        maps.append(x)
    return maps


def open_discriminator(run: Run) -> Discriminator | None:
    """The run's newest discriminator on the CPU, or None: only a kept training state holds one."""
    try:
        weights = load_state(run)["gan"]["D"]
        discriminator = Discriminator(run.config)
        discriminator.load_state_dict(weights)
    except (BadInput, KeyError, RuntimeError):
        return None
    return discriminator.eval().requires_grad_(False)


@torch.no_grad()
def verdicts(discriminator: Discriminator, pictures: Tensor) -> tuple[list[Tensor], Tensor]:
    """What each hidden block makes of pictures (B, C, H, W) in [-1, 1], as (B, C', H', W'), and the logits (B,).

    BatchNorm takes its statistics from this batch, as it does in training: give it a batch of one kind, real or fake.
    """
    judge = copy.deepcopy(discriminator).train()  # the copy's running statistics change, the original's don't
    maps, x = [], pictures
    for block in judge.blocks:
        x = block(x)
        maps.append(x)
    return maps[:-1], x.flatten()


@torch.no_grad()
def edge_maps(pictures: Tensor) -> Tensor:
    """Four hand-made 4x4 filters with stride 2 over grey pictures (B, 1, H, W) -> (B, 4, H / 2, W / 2).

    They stand in for a first layer where no discriminator was kept: edges rightward and downward, a diagonal, a spot.
    """
    ramp = torch.tensor([-1.0, -1.0, 1.0, 1.0])
    across = ramp.expand(4, 4)
    diagonal = (across + across.T) / 2
    spot = torch.tensor([[-1.0, -1, -1, -1], [-1, 3, 3, -1], [-1, 3, 3, -1], [-1, -1, -1, -1]])
    padded = nn.functional.pad(pictures, (1, 1, 1, 1), mode="replicate")  # zeros would be mid grey: an edge all round
    filters = torch.stack([across, across.T, diagonal, spot])[:, None]  # (4, 1, 4, 4)
    return nn.functional.leaky_relu(nn.functional.conv2d(padded, filters, stride=2), 0.2)


def _layers(network: nn.Module, example: Tensor) -> list[Layer]:
    layers: list[Layer] = []

    def note(module: nn.Module, inputs: object, output: Tensor) -> None:
        parameters = sum(p.numel() for p in module.parameters())
        layers.append(Layer(_describe(module), tuple(output.shape[1:]), parameters))

    hooks = [module.register_forward_hook(note) for module in network.modules() if not list(module.children())]
    network(example)
    for hook in hooks:
        hook.remove()
    return layers


def _describe(module: nn.Module) -> str:
    name = type(module).__name__
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        kernel, stride = module.kernel_size[0], module.stride[0]
        return f"{name} {kernel}x{kernel}, stride {stride}"
    return f"LeakyReLU {module.negative_slope:g}" if isinstance(module, nn.LeakyReLU) else name
