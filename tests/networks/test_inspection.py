import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from dcgan.config import Config
from dcgan.networks import inspection
from dcgan.networks.architectures import NORMS
from dcgan.networks.layer_sizes import parameter_counts
from dcgan.networks.models import Discriminator, Generator
from dcgan.presets import PRESETS
from dcgan.runs import checkpoint
from dcgan.runs.checkpoint import save_state
from dcgan.runs.run import Run

TINY = Config(image_size=16, z_dim=8, ngf=4, ndf=4)


@pytest.mark.parametrize("preset", PRESETS)
def test_tables_count_what_the_networks_have(preset):
    config = PRESETS[preset].config
    tables = inspection.layer_tables(config)
    with torch.device("meta"):
        networks = {"G": Generator(config), "D": Discriminator(config)}
    counts = {name: count["trainable"] for name, count in parameter_counts(config).items()}
    for name, network in networks.items():
        assert (
            counts[name] == sum(p.numel() for p in network.parameters()) == sum(row.trainable for row in tables[name])
        )
        frozen = sum(2 * m.num_features for m in network.modules() if isinstance(m, NORMS))
        assert frozen == sum(row.frozen for row in tables[name])
        assert all(row.parameters == row.trainable + row.frozen for row in tables[name])
    assert counts["both"] == counts["G"] + counts["D"]


@pytest.mark.parametrize("preset", PRESETS)
def test_a_steps_multiplications_are_those_that_pytorch_counts(preset):
    config = PRESETS[preset].config.replace(batch_size=2)

    def counted(run) -> int:
        with FlopCounterMode(display=False) as counter:
            run()
        return counter.get_total_flops() // 2  # PyTorch counts additions, too

    with torch.device("meta"):
        networks, z = (Generator(config), Discriminator(config)), torch.empty(2, config.z_dim)
        x = torch.empty(2, config.channels, config.seen_size, config.seen_size)
    of_g, of_d = counted(lambda: networks[0](z)), counted(lambda: networks[1](x))
    assert inspection.multiplications(config) == 3 * of_g + 8 * of_d


def test_the_classic_recipe_has_the_sizes_of_pytorchs_example():
    # which has no biases; here the last layer of G has one, and the first and the last of D
    counts = parameter_counts(PRESETS["classic-64"].config.replace(channels=3))
    assert counts["G"]["trainable"] == 3_576_704 + 3 and counts["D"]["trainable"] == 2_765_568 + 64 + 1


def test_layers_come_in_order_with_shapes():
    tables = inspection.layer_tables(TINY)
    assert tables["G"][0].name == "ConvTranspose2d 4x4, stride 1" and tables["G"][0].shape == (8, 4, 4)
    assert tables["G"][-1] == inspection.Layer("Tanh", (1, 16, 16), 0, 0, 0)
    assert tables["D"][1].name == "LeakyReLU 0.2" and tables["D"][-1].shape == (1, 1, 1)


def test_feature_maps_end_in_the_picture():
    generator = Generator(TINY).eval()
    z = torch.randn(3, 8, generator=torch.Generator().manual_seed(0))
    maps = inspection.feature_maps(generator, z)
    assert [tuple(m.shape[1:]) for m in maps] == [(8, 4, 4), (4, 8, 8), (1, 16, 16)]
    assert torch.equal(maps[-1], generator(z))
    assert all((m >= 0).all() for m in maps[:-1])


def test_dense_layers_have_no_maps_and_dropout_rests():
    config = PRESETS["custom-loop"].config.replace(ngf=2, ndf=2, dropout=0.5)
    maps = inspection.feature_maps(Generator(config).eval(), torch.randn(3, 100))
    assert [tuple(m.shape[1:]) for m in maps] == [(4, 7, 7), (2, 14, 14), (1, 28, 28)]
    discriminator, x = Discriminator(config), torch.rand(5, 1, 28, 28)
    judged = [inspection.verdicts(discriminator, x) for _ in range(2)]
    assert [tuple(m.shape[1:]) for m in judged[0][0]] == [(2, 14, 14), (4, 7, 7)]
    assert torch.equal(judged[0][1], judged[1][1])


def test_a_layer_table_of_a_published_network_has_its_rows():
    rows = inspection.layer_tables(PRESETS["custom-loop"].config)["G"]
    assert [(row.name, row.shape, row.parameters, row.frozen) for row in rows if row.parameters] == [
        ("Dense 512", (512,), 51_712, 0),
        ("BatchNorm1d", (512,), 2_048, 1_024),
        ("Dense 3136", (3136,), 1_608_768, 0),
        ("BatchNorm1d", (3136,), 12_544, 6_272),
        ("ConvTranspose2d 5x5, stride 2", (32, 14, 14), 51_232, 0),
        ("BatchNorm2d", (32, 14, 14), 128, 64),
        ("ConvTranspose2d 5x5, stride 2", (1, 28, 28), 801, 0),
    ]


def test_verdicts_are_those_of_training_and_change_nothing():
    discriminator = Discriminator(TINY).eval()
    before = {name: tensor.clone() for name, tensor in discriminator.state_dict().items()}
    x = torch.rand(5, 1, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
    maps, logits = inspection.verdicts(discriminator, x)
    assert [tuple(m.shape) for m in maps] == [(5, 4, 8, 8), (5, 8, 4, 4)] and logits.shape == (5,)
    assert not discriminator.training
    assert all(torch.equal(before[name], tensor) for name, tensor in discriminator.state_dict().items())
    assert torch.allclose(discriminator.train()(x), logits)


def test_the_discriminator_comes_from_the_training_state(tmp_path):
    run = Run.create(TINY, tmp_path)
    assert checkpoint.open_discriminator(run) is None
    discriminator = Discriminator(TINY)
    save_state(run, {"gan": {"D": discriminator.state_dict()}, "config": TINY.to_json()})
    opened = checkpoint.open_discriminator(run)
    assert opened is not None and not opened.training
    assert all(torch.equal(a, b) for a, b in zip(opened.parameters(), discriminator.parameters(), strict=True))
    run.kept_state_path(5).parent.mkdir()
    run.kept_state_path(5).write_bytes(run.state_path.read_bytes())
    assert checkpoint.open_discriminator(run, 5) is not None and checkpoint.open_discriminator(run, 6) is None
    run.state_path.write_bytes(b"not a state")
    assert checkpoint.open_discriminator(run, 5) is not None
    with pytest.warns(UserWarning, match="damaged"):
        assert checkpoint.open_discriminator(run) is None


def test_edge_maps_find_edges_and_halve_the_size():
    x = torch.full((1, 1, 16, 16), -1.0)
    x[..., 8:] = 1  # dark left, bright right
    maps = inspection.edge_maps(x)
    assert maps.shape == (1, 4, 8, 8)
    inner = maps[0, :, 1:-1, 1:-1]
    assert inner[0].max() > 5 and maps[0, 1].abs().max() == 0 and maps[0, 0, :, 0].abs().max() == 0
