"""This machine's training speed: images per second of our step against the plain one, in turn, and against the limit.

The plain side is the way of PyTorch's DCGAN example: float32, NCHW, PyTorch's own convolutions, and pictures that pass
through torchvision's Resize, ToTensor and Normalize in a DataLoader. Both sides train the same networks on the same
pictures. The limit is a step that needed nothing but the matrix products of its convolutions, each as one product of
whole matrices that lie in memory as it likes them best.

On a GPU the plain side also takes the example's own step (example_step.py), with two processes that load its pictures
and cuDNN's search for the fastest algorithm, as the example has them. Clocks are read when the GPU has done its work.
"""

import contextlib
import multiprocessing
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from dcgan.compute import allocator, devices
from dcgan.config import Config
from dcgan.data import dataset
from dcgan.data.batches import BatchStream, Feed
from dcgan.networks.inspection import trace
from dcgan.training.example_step import Example
from dcgan.training.gan import GAN

END_SECONDS = 10.0  # that a side has to end by itself
WARM_UP = 3  # steps before the clock runs
FASTEST = "fastest"  # of the routes that devices.ROUTES lists, the one that training takes here
EXAMPLE_WORKERS = 2  # that load pictures beside a GPU, the example's default
Batch = tuple[Tensor, Tensor | None]  # pictures float32 (B, C, S, S) in [-1, 1], labels int64 (B,) if asked for


class Speed(NamedTuple):
    """What was measured of one preset on one route."""

    precision: str
    ours: float  # images per second, median of all rounds
    plain: float
    ratios: list[float]  # ours / plain of each round
    limit: float  # images per second that the matrix products alone would allow; 0 if not measured

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)


def measure(config: Config, pairs: int, seconds: float, device: torch.device) -> Speed:
    """The speed on the route that training takes here: see `measure_routes`."""
    return measure_routes(config, [FASTEST], pairs, seconds, device)[0]


def measure_routes(
    config: Config, routes: Sequence[str], rounds: int, seconds: float, device: torch.device
) -> list[Speed]:
    """Train the routes and the plain way in turn, `seconds` each, so many rounds; returns each route's speed.

    All presets train on Fashion-MNIST, which is always here. Each side has a process of its own, which rests while
    another is measured: what one does to its memory, and the settings of ours, are nothing to the others.
    """
    rates: dict[str, list[float]] = {name: [] for name in [*routes, "plain"]}
    with contextlib.ExitStack() as stack:
        sides = {name: stack.enter_context(Side(name, config, device)) for name in rates}
        for number in range(rounds):
            for name in list(sides)[:: -1 if number % 2 else 1]:
                rates[name].append(sides[name].ask(seconds))
        facts = {name: (sides[name].ask("precision"), sides[name].ask("limit")) for name in routes}
    found, plain = [], rates["plain"]
    for name in routes:
        ratios = [mine / theirs for mine, theirs in zip(rates[name], plain, strict=True)]
        precision, limit = facts[name]
        found.append(Speed(precision, statistics.median(rates[name]), statistics.median(plain), ratios, limit))
    return found


def routes_here(config: Config, device: torch.device) -> list[str]:
    """The routes that a device has for a recipe, the fastest first."""
    gan = GAN(config, device)
    return [route for route in devices.ROUTES if devices.pays(route, gan.device, gan.G, gan.D)]


class Side:
    """A side's process: asked for a number of seconds it trains for them and answers with images per second."""

    def __init__(self, name: str, config: Config, device: torch.device) -> None:
        spawn = multiprocessing.get_context("spawn")
        self.pipe, self.theirs = spawn.Pipe()
        alone = device.type == "cpu"  # a daemon may have no processes of its own
        self.process = spawn.Process(target=serve, args=(name, config, device, self.theirs), daemon=alone)

    def __enter__(self) -> "Side":
        self.process.start()
        self.theirs.close()  # so that the process's end is the pipe's
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):  # it has died already
            self.pipe.send("end")  # rather than killed at once: it has loaders of pictures to end
        self.process.join(END_SECONDS)
        self.process.kill()
        self.process.join()

    def ask(self, question: float | str) -> Any:
        try:
            self.pipe.send(question)
            return self.pipe.recv()
        except (EOFError, OSError):
            raise RuntimeError("One side of the comparison has ended before its answer.") from None


def serve(name: str, config: Config, device: torch.device, pipe: Connection) -> None:
    """What a side's process does until it is told to end."""
    gan = plain_side(config, device) if name == "plain" else our_side(config, device, name)
    batches = (plain_batches if name == "plain" else our_batches)(config, device)
    while True:
        match pipe.recv():
            case "precision":
                pipe.send(gan.precision)
            case "limit":
                is_fast = gan.precision != "float32"
                pipe.send(config.batch_size / seconds_of_products(gan.config) if is_fast else 0.0)
            case "end":
                return
            case seconds:
                pipe.send(images_per_s(gan, batches, seconds))


def our_side(config: Config, device: torch.device, route: str) -> GAN:
    """As training has it, on one of its routes."""
    allocator.keep_buffers()
    devices.repeat_exactly(device)
    gan = GAN(config, device)
    gan.precision = route if route in devices.ROUTES else gan.precision
    return gan


def plain_side(config: Config, device: torch.device) -> GAN | Example:
    """As the example has it."""
    if device.type != "cpu":
        torch.backends.cudnn.benchmark = True
        return Example(config, device)
    gan = GAN(config.replace(precision="float32"), device)
    gan.layout = torch.contiguous_format
    for network in (gan.G, gan.D):
        network.to(memory_format=gan.layout)
    return gan


def images_per_s(gan: GAN | Example, batches: Iterator[Batch], seconds: float) -> float:
    """Steps for some seconds, with all that they need of the data."""
    for _ in range(WARM_UP):
        gan.step(*next(batches))
    devices.wait(gan.device)
    began, steps = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        gan.step(*next(batches))
        steps += 1
    devices.wait(gan.device)
    return steps * gan.config.batch_size / (time.perf_counter() - began)


# ---- the two ways to the next batch


def our_batches(config: Config, device: torch.device) -> Iterator[Batch]:
    """Pictures prepared once, as training has them."""
    found = dataset.load("fashion-mnist", config.image_size, config.channels)
    feed = Feed(found.images, device, labels=found.labels if config.num_classes else None)
    stream = BatchStream(len(found.images), config.batch_size, config.seed)
    while True:
        indices = stream.next()
        yield feed.batch(indices), feed.labels(indices)


class Transformed(Dataset[tuple[Tensor, int]]):
    """One PIL picture at a time through torchvision's transforms, with its label."""

    def __init__(self, originals: np.ndarray, labels: np.ndarray, config: Config) -> None:
        from torchvision import transforms  # which takes three seconds that our sides need not wait

        self.originals, self.labels = originals, labels
        grey = [] if config.channels == 1 else [transforms.Grayscale(config.channels)]
        size = [transforms.Resize(config.image_size), transforms.ToTensor(), transforms.Normalize(0.5, 0.5)]
        self.transform = transforms.Compose([*grey, *size])

    def __len__(self) -> int:
        return len(self.originals)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.transform(Image.fromarray(self.originals[index])), int(self.labels[index])


def plain_batches(config: Config, device: torch.device) -> Iterator[Batch]:
    """As the example has them: each picture passes through torchvision's transforms every time."""
    found = dataset.load("fashion-mnist", 28, 1)
    assert found.labels is not None
    workers = 0 if device.type == "cpu" else EXAMPLE_WORKERS
    how = "fork" if workers and sys.platform == "linux" else None  # as in a program begun by hand, which this isn't
    loader = DataLoader(
        Transformed(found.images[:, 0], found.labels, config),
        config.batch_size,
        shuffle=True,
        drop_last=True,
        num_workers=workers,
        multiprocessing_context=how,
    )
    while True:
        for pictures, labels in loader:
            yield pictures, labels if config.num_classes else None


# ---- the limit


class Layer(NamedTuple):
    """A convolution as products between its small side, pixels x channels, and the windows of its large one."""

    pixels: int
    channels: int
    window: int

    @property
    def gather(self) -> tuple[int, int, int]:
        return self.pixels, self.window, self.channels

    @property
    def spread(self) -> tuple[int, int, int]:
        return self.pixels, self.channels, self.window

    @property
    def correlate(self) -> tuple[int, int, int]:
        return self.channels, self.pixels, self.window


def seconds_of_products(config: Config, rounds: int = 5) -> float:
    """The time of a step's matrix products alone: each shape as one bfloat16 product, the best of some rounds.

    A step takes D forward and back on two batches, G forward and back on one, and on G's way also D once more,
    forward and back to its input. Neither z nor D's own pictures need a gradient.
    """
    batch = config.batch_size
    on_both, on_fakes, of_g = (layers(config, *each) for each in (("D", 2 * batch), ("D", batch), ("G", batch)))
    shapes = [shape for layer in on_both for shape in (layer.gather, layer.spread, layer.correlate)]
    shapes.remove(on_both[0].spread)
    shapes += [shape for layer in on_fakes for shape in (layer.gather, layer.spread)]
    shapes += [shape for layer in of_g for shape in (layer.gather, layer.spread, layer.correlate)]
    shapes.remove(of_g[0].gather)
    return sum(_seconds(*shape, rounds) for shape in shapes)


def layers(config: Config, network: str, batch: int) -> list[Layer]:
    """The convolutions of G or D, from first to last, for a batch."""
    found = []
    for module, shape in trace(config)[network]:
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            kernel, stride, padding = module.kernel_size[0], module.stride[0], int(module.padding[0])
            small, large, side = module.out_channels, module.in_channels, shape[-1]
            if isinstance(module, nn.ConvTranspose2d):
                small, large, side = large, small, (side + 2 * padding - kernel) // stride + 1
            found.append(Layer(batch * side**2, small, kernel**2 * large))
    return found


def _seconds(rows: int, inner: int, columns: int, rounds: int) -> float:
    left = torch.randn(rows, inner).to(torch.bfloat16)
    right = torch.randn(inner, columns).to(torch.bfloat16)
    left @ right
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        left @ right
        times.append(time.perf_counter() - began)
    return min(times)
