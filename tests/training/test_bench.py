import math

import pytest
import torch

from dcgan.compute import bfloat16, devices
from dcgan.compute.devices import AUTOCAST
from dcgan.config import Config
from dcgan.training import bench
from dcgan.training.example_step import Example
from dcgan.training.gan import GAN
from tests.training.test_gan import CPU


@pytest.fixture
def measured(monkeypatch):
    """Sides that answer with the rates of a list; returns what they were asked, in turn."""
    rates, asked = iter([300.0, 100.0, 50.0, 200.0, 30.0, 10.0]), []

    class Side:
        def __init__(self, name, config, device):
            self.name = name

        def __enter__(self):
            return self

        def __exit__(self, *_):
            asked.append(("closed", self.name))

        def ask(self, question):
            if isinstance(question, str):
                return {"limit": 900.0, "precision": "bfloat16"}[question]
            asked.append((question, self.name))
            return next(rates)

    monkeypatch.setattr(bench, "Side", Side)
    return asked


def test_both_sides_are_measured_in_turn_and_compared_in_pairs(measured):
    speed = bench.measure(Config(), pairs=2, seconds=4.0, device=CPU)
    assert measured[:4] == [(4.0, "fastest"), (4.0, "plain"), (4.0, "plain"), (4.0, "fastest")]
    assert sorted(measured[4:]) == [("closed", "fastest"), ("closed", "plain")]
    assert speed.ratios == [3.0, 4.0] and speed.ratio == 3.5
    assert (speed.ours, speed.plain, speed.limit) == (250.0, 75.0, 900.0)


def test_several_routes_share_one_plain_side(measured):
    speeds = bench.measure_routes(Config(), ["bfloat16", "float32"], rounds=2, seconds=4.0, device=CPU)
    names = ["bfloat16", "float32", "plain"]
    assert [name for _, name in measured[:6]] == names + names[::-1]
    assert [speed.ratios for speed in speeds] == [[300 / 50, 10 / 200], [100 / 50, 30 / 200]]


@pytest.mark.parametrize("name", ["float32", AUTOCAST])
def test_a_side_takes_the_route_that_it_is_named_after(name):
    config = Config(image_size=16, ngf=4, ndf=4, z_dim=4, batch_size=4, precision="auto")
    with bench.Side(name, config, CPU) as side:
        assert side.ask("precision") == name
        assert (side.ask("limit") > 0) == (name != "float32")


def test_the_routes_of_a_machine_are_those_that_pay(monkeypatch):
    monkeypatch.setattr(bfloat16, "pays_off", lambda device: False)
    for units, routes in ((True, [AUTOCAST, "float32"]), (False, ["float32"])):
        monkeypatch.setattr(devices, "cpu_multiplies_bfloat16", lambda units=units: units)
        assert bench.routes_here(Config(image_size=16, ngf=4, ndf=4), CPU) == routes


def test_both_sides_train_the_same_networks_on_the_same_kind_of_batch():
    config = Config(image_size=32, ngf=8, ndf=8, batch_size=8, z_dim=8)
    for batches in (bench.our_batches(config, CPU), bench.plain_batches(config, CPU)):
        batch, labels = next(batches)
        assert labels is None and batch.shape == (8, 1, 32, 32) and -1.0 <= batch.min() < batch.max() <= 1.0


def test_a_side_that_dies_is_no_endless_wait():
    with bench.Side("ours", Config(image_size=32, ngf=8, ndf=8), CPU) as side:
        side.process.kill()
        with pytest.raises(RuntimeError, match="ended"):
            side.ask(1.0)


def test_the_products_of_a_step_hold_all_of_its_multiplications():
    config = Config(image_size=64, ngf=64, ndf=64)
    of_d = bench.layers(config, "D", 64)
    assert of_d[1] == (64 * 16 * 16, 128, 16 * 64)  # 64 -> 128 channels, to 16x16
    assert of_d[-1] == (64, 1, 16 * 512)
    of_g = bench.layers(config, "G", 64)
    assert of_g[0] == (64, 100, 16 * 512) and of_g[-1] == (64 * 32 * 32, 64, 16)


def test_images_per_second_counts_pictures(monkeypatch):
    clock, waits = iter(range(100)), []
    monkeypatch.setattr(bench.time, "perf_counter", lambda: next(clock))
    monkeypatch.setattr(devices, "wait", lambda device: waits.append((device, next(clock))))

    class Steps:
        config, device = Config(batch_size=10), torch.device("cuda")

        def step(self, batch, labels):
            assert (batch, labels) == ("batch", None)

    assert (
        bench.images_per_s(Steps(), iter(lambda: ("batch", None), 0), 3.0) == 2 * 10 / 5
    )  # two steps, five ticks: the last wait is theirs
    assert waits == [(Steps.device, 0), (Steps.device, 5)], "before the clock runs, and before it is read"


def test_beside_a_gpu_the_plain_side_takes_the_examples_step_and_loader(monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", False)
    config, meta = Config(image_size=32, ngf=8, ndf=8, batch_size=8, z_dim=8), torch.device("meta")
    assert isinstance(bench.plain_side(config, meta), Example) and torch.backends.cudnn.benchmark
    assert isinstance(bench.plain_side(config, CPU), GAN)
    loaders = []
    monkeypatch.setattr(
        bench, "DataLoader", lambda *about, num_workers, **others: loaders.append(num_workers) or [(0, 0)]
    )
    for device in (CPU, meta):
        next(bench.plain_batches(config, device))
    assert loaders == [0, 2]


def test_the_examples_step_trains_both_and_tells_what_it_prints():
    example = Example(Config(image_size=32, ngf=8, ndf=8, batch_size=8, z_dim=8), CPU)
    before = [[p.clone() for p in network.parameters()] for network in (example.G, example.D)]
    printed = example.step(torch.rand(8, 1, 32, 32) * 2 - 1)
    assert len(printed) == 5 and all(math.isfinite(number) for number in printed)
    for network, old in zip((example.G, example.D), before, strict=True):
        assert not any(torch.equal(p, q) for p, q in zip(network.parameters(), old, strict=True))
