"""What is inside a network: its layers, their sizes, and what flows through them."""

import copy
import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from dcgan.config import Config
from dcgan.networks.architectures import Dropout, Originals, Rescale
from dcgan.networks.models import Discriminator, Generator, logits_of

Traced = tuple[nn.Module, tuple[int, ...]]  # a layer, and the shape of its output without the batch


class Layer(NamedTuple):
    name: str  # what it is, with kernel and stride
    shape: tuple[int, ...]  # of its output, without the batch
    parameters: int  # all its numbers, as Keras counts them: trainable and frozen
    trainable: int
    frozen: int  # BatchNorm's running mean and variance


def layer_tables(config: Config) -> dict[str, list[Layer]]:
    """The layers of G and D in order, without allocating any weights."""
    tables = {}
    for network, layers in trace(config).items():
        tables[network] = [_layer(module, shape) for module, shape in layers]
    return tables


def trace(config: Config) -> dict[str, list[Traced]]:
    """Every layer that G and D run through, in order, with its output's shape (without the batch); weightless."""
    with torch.device("meta"):
        generator, discriminator = Generator(config), Discriminator(config)
        z = torch.empty(2, config.z_dim)
        pictures = torch.empty(2, config.channels, config.image_size, config.image_size)
    centres: list[Traced] = (
        [(generator.centres, (config.z_dim,))] if config.num_classes else []
    )  # added to z before G's first layer
    return {"G": [*centres, *_run_through(generator, z)], "D": _run_through(discriminator, pictures)}


def multiplications(config: Config) -> int:
    """How many multiplications the convolutions and dense layers of G and D take in a training step.

    D goes forward and back on two batches, G on one, and on G's way back D once more, to its input only.
    """
    found = {}
    for network, layers in trace(config).items():
        before: tuple[int, ...] = (config.z_dim, 1, 1)  # of G: D has no layer that needs it
        found[network] = 0
        for module, shape in layers:
            if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
                small = before if isinstance(module, nn.ConvTranspose2d) else shape
                found[network] += module.weight.numel() * math.prod(small[1:])
            before = shape
    return config.batch_size * (3 * found["G"] + 8 * found["D"])


@torch.no_grad()
def feature_maps(generator: Generator, z: Tensor) -> list[Tensor]:
    """The maps that the generator makes of z (B, z_dim), block by block: a list of (B, C, H, W), the picture last.

    A block whose output has no height and width, a dense layer, is left out.
    """
    return [x for x in _outputs(generator.blocks, generator.as_input(z)) if x.ndim == 4]


@torch.no_grad()
def verdicts(discriminator: Discriminator, pictures: Tensor) -> tuple[list[Tensor], Tensor]:
    """What each hidden block makes of pictures (B, C, H, W) in [-1, 1], as (B, C', H', W'), and the logits (B,).

    BatchNorm takes its statistics from this batch, as it does in training: give it a batch of one kind, real or fake.
    Nothing is dropped out, and a block whose output has no height and width is left out.
    """
    judge = copy.deepcopy(discriminator).train()  # the copy's running statistics change, the original's don't
    *hidden, verdict = _outputs(judge.blocks, pictures)
    return [x for x in hidden if x.ndim == 4], logits_of(verdict)


@torch.no_grad()
def claims(discriminator: Discriminator, pictures: Tensor) -> Tensor:
    """D's logits of pictures (B, C, H, W) as ones of each of the K classes that it knows, (B, K); see `verdicts`."""
    outputs = copy.deepcopy(discriminator).train().blocks(pictures).flatten(1)
    return outputs[:, :1] + outputs[:, 1:]


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


def _outputs(blocks: nn.Module, x: Tensor) -> list[Tensor]:
    outputs = []
    for block in blocks.children():
        x = block(x)
        outputs.append(x)
    return outputs


def _run_through(network: nn.Module, example: Tensor) -> list[Traced]:
    layers: list[Traced] = []

    def note(module: nn.Module, inputs: object, output: Tensor) -> None:
        layers.append((module, tuple(output.shape[1:])))

    hooks = [module.register_forward_hook(note) for module in network.modules() if not list(module.children())]
    network(example)
    for hook in hooks:
        hook.remove()
    return layers


def _layer(module: nn.Module, shape: tuple[int, ...]) -> Layer:
    trainable = sum(p.numel() for p in module.parameters())
    frozen = sum(b.numel() for b in module.buffers() if b.is_floating_point())  # not the number of batches seen
    return Layer(describe(module), shape, trainable + frozen, trainable, frozen)


def describe(module: nn.Module) -> str:
    """A layer in a few words: what it is, and the numbers that tell it from others of its kind."""
    name = type(module).__name__
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        kernel, stride = module.kernel_size[0], module.stride[0]
        return f"{name} {kernel}x{kernel}, stride {stride}"
    if isinstance(module, nn.Linear):
        return f"Dense {module.out_features}"
    if isinstance(module, nn.Embedding):
        return f"{module.num_embeddings} centres of classes"
    if isinstance(module, nn.Unflatten):
        return "Reshape"
    if isinstance(module, Dropout):
        return f"Dropout {module.share:g}"
    if isinstance(module, Originals):
        return "Undoing of the enlarging"
    if isinstance(module, Rescale):
        return "Rescale to [-1, 1]" if module.scale > 1 else "Rescale to [0, 1]"
    return f"LeakyReLU {module.negative_slope:g}" if isinstance(module, nn.LeakyReLU) else name
