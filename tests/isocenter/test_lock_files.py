"""What `make setup` installs from is complete, and names no registry but the public ones."""

import json
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_viewers_lock_holds_the_packages_of_every_platform() -> None:
    packages = json.loads((ROOT / "viewer" / "package-lock.json").read_text())["packages"]
    missing = [
        name
        for folder, package in packages.items()
        for name in package.get("optionalDependencies", {})
        if f"node_modules/{name}" not in packages and f"{folder}/node_modules/{name}" not in packages
    ]
    # npm leaves out what its registry does not offer, and then refuses the lock it wrote.
    assert missing == []


def test_the_lock_files_name_no_private_registry() -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text())
    registries = {package["source"].get("registry") for package in lock["package"]}
    assert registries <= {None, "https://pypi.org/simple"}
    packages = json.loads((ROOT / "viewer" / "package-lock.json").read_text())["packages"]
    assert not any("://" in str(package.get("resolved", "")) for package in packages.values())


def test_the_python_lock_is_that_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lock = tomllib.loads((ROOT / "uv.lock").read_text())
    own = next(package for package in lock["package"] if package["name"] == project["name"])
    wanted = {dependency.split("[")[0].split(">")[0].split("=")[0] for dependency in project["dependencies"]}
    assert {dependency["name"] for dependency in own["dependencies"]} == wanted


def test_no_locked_distribution_takes_the_name_of_a_package_of_ours() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    lock = tomllib.loads((ROOT / "uv.lock").read_text())
    names = {package["name"] for package in lock["package"]} - {"isocenter"}
    assert not names & set(build["packages"])
