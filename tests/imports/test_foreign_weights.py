"""Strangers' files are read within limits, and nothing in them runs."""

import io
import os
import pickle
import zipfile

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from dcgan.imports import foreign_weights
from dcgan.imports.foreign_weights import networks_in
from tests.files import refuse
from tests.foreign import Example


def test_every_kind_of_file_gives_the_same_tensors(tmp_path):
    tensors = Example(16, 4, 4, 1).state_dict()
    torch.save(tensors, tmp_path / "new.pth")
    torch.save(tensors, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    save_file(tensors, tmp_path / "x.bin")  # its name says nothing
    for name in ("new.pth", "old.pth", "x.bin"):
        ((where, found),) = networks_in(tmp_path / name, name)
        assert where == "" and {name: each.tolist() for name, each in found.items()} == {
            name: each.tolist() for name, each in tensors.items()
        }


def test_a_whole_checkpoint_gives_each_of_its_networks_by_name(tmp_path):
    net = nn.Linear(2, 2)
    optimiser = torch.optim.Adam(net.parameters()).state_dict()
    torch.save({"epoch": 3, "models": {"G": net.state_dict()}, "opt": optimiser}, tmp_path / "x.pt")
    assert [where for where, _ in networks_in(tmp_path / "x.pt", "x.pt")] == ["models.G"]


class Evil:
    def __reduce__(self):
        return os.mkdir, (os.environ["EVIL"],)


@pytest.mark.parametrize("packed", [True, False])
def test_objects_are_refused_by_name_and_never_made(tmp_path, monkeypatch, packed):
    monkeypatch.setenv("EVIL", str(tmp_path / "made"))
    torch.save({"netG": Evil()}, tmp_path / "x.pth", _use_new_zipfile_serialization=packed)
    with refuse("x.pth holds Python objects", "mkdir", "state_dict()"):
        networks_in(tmp_path / "x.pth", "x.pth")
    torch.save(nn.Linear(2, 2), tmp_path / "x.pth", _use_new_zipfile_serialization=packed)
    with refuse("x.pth holds Python objects", "Linear", "state_dict()"):
        networks_in(tmp_path / "x.pth", "x.pth")
    assert not (tmp_path / "made").exists()


def test_what_is_no_file_of_weights_is_refused_in_one_sentence(tmp_path):
    path = tmp_path / "x.pth"
    with refuse("There is no file"):
        networks_in(path, "x.pth")
    whole = io.BytesIO()
    torch.save(Example(16, 4, 4, 1).state_dict(), whole)
    for content in (b"", b"<!DOCTYPE html>", b"hello", whole.getvalue()[:3000], pickle.dumps([1, 2]), b"\xff" * 99):
        path.write_bytes(content)
        with refuse("x.pth"):
            networks_in(path, "x.pth")
    path.write_bytes((10).to_bytes(8, "little") + b'{"a": 1}  ')
    with refuse("no whole file of weights"):
        networks_in(path, "x.pth")
    path.write_bytes(b"\x89HDF\r\n\x1a\n rest")
    with refuse("Keras"):
        networks_in(path, "x.pth")
    with refuse("can't be read"):
        networks_in(tmp_path, "x.pth")


def test_a_dictionary_that_holds_itself_again_and_again_is_looked_at_once(tmp_path):
    knot: dict = {"w.weight": torch.ones(2)}
    knot |= {f"again {i}": knot for i in range(3000)}
    torch.save(knot, tmp_path / "x.pth")
    assert [where for where, _ in networks_in(tmp_path / "x.pth", "x.pth")] == [""]


def test_a_program_is_not_run(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.pt", "w") as archive:  # as torch.jit.save lays it out
        for name in ("data.pkl", "constants.pkl", "code/__torch__.py"):
            archive.writestr(f"x/{name}", b"")
    with refuse("x.pt is TorchScript", "state_dict()"):
        networks_in(tmp_path / "x.pt", "x.pt")


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(foreign_weights, "MAX_BYTES", 1_000_000)
    with zipfile.ZipFile(tmp_path / "x.pth", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x/data.pkl", b"\0" * 2_000_000)
    with refuse("would unpack to more than"):
        networks_in(tmp_path / "x.pth", "x.pth")
