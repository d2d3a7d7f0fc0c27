"""Classes: from the labels of pictures to a generator that can be asked for one."""

import json
from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dcgan.config import Config
from dcgan.errors import BadInput
from dcgan.latent import class_centres, seeds
from dcgan.networks.models import Discriminator, Generator, initialise, logits_of
from dcgan.provenance import redraw, view_picture
from dcgan.provenance.morph_pictures import keys_z
from dcgan.runs import grid_cells

NAMES = ("cat", "dog", "Mouse")
PLAIN = Config(image_size=16, z_dim=20, ngf=4, ndf=4)
KNOWS = PLAIN.replace(classes="label", class_names=json.dumps(NAMES), class_counts="[60, 30, 10]")


@pytest.fixture(scope="module")
def generator() -> Generator:
    made = Generator(KNOWS).eval().requires_grad_(False)
    initialise(made, torch.Generator().manual_seed(3))
    return made


# -- settings and networks


def test_a_recipe_that_does_not_know_its_pictures_yet_has_the_usual_classes():
    assert PLAIN.num_classes == 0 and PLAIN.replace(classes="label").num_classes == 10
    assert KNOWS.num_classes == 3 and KNOWS.class_shares == (0.6, 0.3, 0.1)


@pytest.mark.parametrize(
    "names, counts",
    [('["a"]', "[1]"), ('["a", "a"]', "[1, 1]"), ('["a", "b"]', "[1]"), ("[1, 2]", "[1, 2]"), ("{", ""), ("7", "7")],
)
def test_damaged_classes_are_refused(names, counts):
    with pytest.raises(BadInput, match="class_(names|counts) must be"):
        PLAIN.replace(classes="label", class_names=names, class_counts=counts)
    with pytest.raises(BadInput, match="class_names must be"):
        PLAIN.replace(class_names='["a", "b"]', class_counts="[1, 1]")


def test_without_classes_networks_begin_as_they_did():
    """Their initial weights are drawn in the same order, whatever else there might be."""
    plain, knows = Generator(PLAIN), Generator(KNOWS)
    for made in (plain, knows):
        initialise(made, torch.Generator().manual_seed(0))
    for name, tensor in plain.state_dict().items():
        assert torch.equal(tensor, knows.state_dict()[name]), name
    assert {*knows.state_dict()} - {*plain.state_dict()} == {"centres.weight"}


def test_d_judges_a_picture_as_one_of_its_class():
    d = Discriminator(KNOWS).eval()
    pictures, labels = torch.randn(5, 1, 16, 16).clamp(-1, 1), torch.tensor([0, 2, 1, 1, 0])
    with torch.no_grad():
        outputs = d.blocks(pictures).flatten(1)  # (5, 1 + 3)
        expected = outputs[:, 0] + outputs[torch.arange(5), 1 + labels]
        assert torch.equal(d(pictures, labels), expected)
        assert torch.equal(d(pictures), outputs[:, 0] + outputs[:, 1:].max(1).values)
    assert torch.equal(logits_of(torch.tensor([[[[2.0]]], [[[3.0]]]])), torch.tensor([2.0, 3.0]))


# -- which class a seed shows, and z


def test_seeds_in_a_row_have_the_classes_shares():
    for first in (0, 5_000, 2**32 - 1_000):
        shown = class_centres.labels_of_seeds(seeds.sample_seeds(first, 2_000), KNOWS)
        counts = Counter(shown.tolist())
        assert all(abs(counts[label] / 2_000 - share) < 0.01 for label, share in enumerate(KNOWS.class_shares))
    assert class_centres.labels_of_seeds([1, 2], PLAIN) is None


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 99), min_size=2, max_size=9))
def test_every_seed_shows_a_class(seed, counts):
    shares = [count / sum(counts) for count in counts]
    assert 0 <= class_centres.label_of_seed(seed, shares) < len(shares)


def test_a_class_is_asked_for_by_name_or_number():
    assert [class_centres.label_of(name, KNOWS) for name in ("cat", " DOG ", "mouse", "2")] == [0, 1, 2, 2]
    for name in ("cow", "3", "-1", "", "²"):
        with pytest.raises(BadInput, match="cat, dog, Mouse"):
            class_centres.label_of(name, KNOWS)
    with pytest.raises(BadInput, match="classes=label"):
        class_centres.label_of("cat", PLAIN)


def test_truncation_draws_z_to_its_class_and_not_away_from_it(generator):
    z, centres = seeds.z_from_seeds([4, 9], 20), generator.centres.weight
    labels = torch.tensor([2, 0])
    assert torch.equal(class_centres.z_of(generator, [4, 9], 0.5, labels), z * 0.5 + centres[labels])
    assert torch.equal(class_centres.z_of(generator, [4, 9], 0.0, labels), centres[labels])
    own = class_centres.labels_of_seeds([4, 9], KNOWS)
    assert torch.equal(class_centres.z_of(generator, [4, 9]), z + centres[own])


def test_a_row_of_the_grid_is_a_class_and_a_column_a_z():
    cells = grid_cells.grid_cells(KNOWS.replace(num_samples=10, seed=7))
    assert cells == [(7, 0), (8, 0), (9, 0), (7, 1), (8, 1), (9, 1), (7, 2), (8, 2), (9, 2)]
    assert grid_cells.class_rows(cells) == [0, 1, 2]
    plain = grid_cells.grid_cells(PLAIN.replace(num_samples=3, seed=2**32 - 2))
    assert plain == [(2**32 - 2, None), (2**32 - 1, None), (0, None)] and grid_cells.class_rows(plain) == []
    many = KNOWS.replace(class_names=json.dumps(list(map(str, range(99)))), class_counts=json.dumps([1] * 99))
    assert len(grid_cells.grid_cells(many.replace(num_samples=64))) == 60  # 20 rows at most
    assert len(grid_cells.grid_cells(KNOWS.replace(num_samples=400))) == 10 * KNOWS.num_classes  # no long strips


# -- recipes


def test_a_recipe_names_a_class_or_the_way_between_two(generator):
    centres, z = generator.centres.weight, seeds.z_from_seed(4, 20)
    own = class_centres.label_of_seed(4, KNOWS.class_shares)
    assert torch.equal(view_picture.z_of({"seed": 4}, generator), z + centres[own])
    assert torch.equal(view_picture.z_of({"seed": 4, "class": 2}, generator), z + centres[2])
    half = view_picture.z_of({"seed": 4, "class": 2, "toward": 0, "share": 0.5, "truncation": 0.25}, generator)
    assert torch.allclose(half, z / 4 + (centres[2] + centres[0]) / 2, atol=1e-6)
    assert torch.equal(view_picture.z_of({"seed": 4, "z": [0.5] * 20}, generator), torch.full((20,), 0.5))
    for odd in (3, -1, "cat", 1.0, None):
        with pytest.raises(BadInput, match="class"):
            view_picture.z_of({"seed": 4, "class": odd}, generator)


def test_keyframes_and_samples_know_classes(generator):
    centres, z = generator.centres.weight, seeds.z_from_seed(4, 20)
    keys = keys_z({"keyframes": [{"seed": 4, "class": 0}, {"seed": 4, "class": 2}], "truncation": 0.5}, generator)
    assert torch.allclose(keys, z / 2 + centres[[0, 2]], atol=1e-6)
    of_class = redraw.sample_z(generator, {"seed": 4, "n": 2, "class": 1})
    assert torch.equal(of_class, seeds.z_from_seeds([4, 5], 20) + centres[1])
    rows = redraw.sample_z(generator, {"seed": 4, "n": 4, "columns": 2, "rows": [2, 0]})
    assert torch.equal(rows, seeds.z_from_seeds([4, 5, 4, 5], 20) + centres[[2, 2, 0, 0]])
    for odd in ({"columns": 3, "rows": [2, 0]}, {"columns": 2, "rows": [2, 3]}, {"columns": 2, "rows": "x"}):
        with pytest.raises(BadInput, match="rows"):
            redraw.sample_z(generator, {"seed": 4, "n": 4, **odd})
