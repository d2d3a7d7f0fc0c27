"""What is inside a network: its layers, their sizes, and what flows through them."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from dcgan.config import Config
from dcgan.models import Discriminator, Generator


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
