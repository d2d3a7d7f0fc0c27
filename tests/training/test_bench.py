import pytest

from dcgan.config import Config
from dcgan.training import bench


def test_both_sides_are_measured_in_turn_and_compared_in_pairs(monkeypatch):
    rates, asked = iter([300.0, 100.0, 50.0, 200.0]), []

    class Side:
        def __init__(self, name, config):
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
    speed = bench.measure(Config(), pairs=2, seconds=4.0)
    assert asked[:4] == [(4.0, "ours"), (4.0, "plain"), (4.0, "plain"), (4.0, "ours")]
    assert sorted(asked[4:]) == [("closed", "ours"), ("closed", "plain")]
    assert speed.ratios == [3.0, 4.0] and speed.ratio == 3.5
    assert (speed.ours, speed.plain, speed.limit) == (250.0, 75.0, 900.0)


def test_both_sides_train_the_same_networks_on_the_same_kind_of_batch():
    config = Config(image_size=32, ngf=8, ndf=8, batch_size=8, z_dim=8)
    for batches in (bench.our_batches(config), bench.plain_batches(config)):
        batch = next(batches)
        assert batch.shape == (8, 1, 32, 32) and -1.0 <= batch.min() < batch.max() <= 1.0


def test_a_side_that_dies_is_no_endless_wait():
    with bench.Side("ours", Config(image_size=32, ngf=8, ndf=8)) as side:
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
    clock = iter(range(100))
    monkeypatch.setattr(bench.time, "perf_counter", lambda: next(clock))

    class Steps:
        config = Config(batch_size=10)

        def step(self, batch):
            assert batch == "batch"

    assert bench.images_per_s(Steps(), iter(lambda: "batch", None), 3.0) == 2 * 10 / 4  # two steps, four ticks
