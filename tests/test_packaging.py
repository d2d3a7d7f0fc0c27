"""What pyproject.toml says of the package: the versions of the requirements files, and every file that modules read."""

import tomllib

from packaging.requirements import Requirement

from dcgan.system.paths import PROJECT

TABLE = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))


def required(name: str) -> set[str]:
    """The packages of a requirements file with their versions, without the files that it includes."""
    lines = (PROJECT / name).read_text(encoding="utf-8").splitlines()
    bare = [line.partition(" #")[0].strip() for line in lines]
    return {str(Requirement(line)) for line in bare if line and not line.startswith(("#", "-r "))}


def test_the_extras_are_those_of_the_requirements_file():
    extras = TABLE["project"]["optional-dependencies"]
    own = {str(Requirement(line)) for name in extras for line in extras[name] if not line.startswith("dcgan-studio[")}
    assert own == required("requirements-test.txt")
    assert Requirement(extras["test"][0]).extras == set(extras) - {"test"}


def test_the_dependencies_are_read_from_the_requirements_file():
    assert TABLE["project"]["dynamic"] == ["dependencies"] and "dependencies" not in TABLE["project"]
    name = TABLE["tool"]["setuptools"]["dynamic"]["dependencies"]["file"]
    lines = (PROJECT / name).read_text(encoding="utf-8").splitlines()
    assert {str(Requirement(line)) for line in lines if line and not line.startswith("#")} == required(name)


def test_an_installed_package_has_every_file_of_its_folder():
    files = {path for path in (PROJECT / "dcgan").rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    data = TABLE["tool"]["setuptools"]["package-data"]["dcgan"]
    taken = {path for pattern in data for path in (PROJECT / "dcgan").glob(pattern)}
    taken |= {path for path in files if path.suffix == ".py" and (path.parent / "__init__.py").exists()}
    assert len(files) > 150 and sorted(files - taken) == []
