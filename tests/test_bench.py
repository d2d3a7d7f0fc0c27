import torch

from dcgan import bench
from dcgan.config import Config
from dcgan.gan import GAN


def test_both_sides_train_on_the_same_pictures_and_are_compared_in_pairs(monkeypatch):
    config = Config(image_size=32, ngf=8, ndf=8, batch_size=8, z_dim=8)
    rates = iter([300.0, 100.0, 50.0, 200.0])
    seen = []

    def images_per_s(gan, batches, seconds):
        batch = next(batches)
        seen.append((gan.precision, tuple(batch.shape), gan.G.blocks[0][0].weight.is_contiguous()))
        assert -1.0 <= batch.min() < batch.max() <= 1.0
        return next(rates)

    monkeypatch.setattr(bench, "images_per_s", images_per_s)
    speed = bench.measure(config, pairs=2, seconds=0.0)
    assert [shape for _, shape, _ in seen] == [(8, 1, 32, 32)] * 4
    assert [plain for _, _, plain in seen] == [False, True, True, False]  # NCHW on the plain side, which begins in turn
    assert speed.ratios == [3.0, 4.0] and speed.ratio == 3.5
    assert speed.ours == 250.0 and speed.plain == 75.0


def test_the_products_of_a_step_hold_all_of_its_multiplications():
    gan = GAN(Config(image_size=64, ngf=64, ndf=64), torch.device("cpu"))
    of_d = bench.layers(gan.D, torch.zeros(1, 1, 64, 64), 64)
    assert of_d[1] == (64 * 16 * 16, 128, 16 * 64)  # 64 -> 128 channels, to 16x16
    assert of_d[-1] == (64, 1, 16 * 512)
    of_g = bench.layers(gan.G, torch.zeros(1, 100), 64)
    assert of_g[0] == (64, 100, 16 * 512) and of_g[-1] == (64 * 32 * 32, 64, 16)


def test_images_per_second_counts_pictures(monkeypatch):
    clock = iter(range(100))
    monkeypatch.setattr(bench.time, "perf_counter", lambda: next(clock))

    class Steps:
        config = Config(batch_size=10)

        def step(self, batch):
            assert batch == "batch"

    assert bench.images_per_s(Steps(), iter(lambda: "batch", None), 3.0) == 2 * 10 / 4  # two steps, four ticks
