"""The container files name only what exists, and keep to what a hospital's IT asks of a container."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from config.environment import RESERVED, overrides
from config.settings import Settings
from isocenter.cli import app

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = sorted(name for name, service in SERVICES.items() if "build" in service)
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def instructions(name: str) -> list[str]:
    joined = re.sub(r"\\\n\s*", " ", DOCKERFILE)
    return [line.removeprefix(name).strip() for line in joined.splitlines() if line.startswith(f"{name} ")]


@pytest.mark.parametrize("name", OURS)
def test_every_command_of_a_service_exists(name: str) -> None:
    service = SERVICES[name]
    health = service.get("healthcheck", {}).get("test", ["CMD", "isocenter", "health"])
    assert health[:2] == ["CMD", "isocenter"]
    for command in (service["command"], health[2:]):
        words = [word for word in command if word not in ("dicom", "web", "worker")] or command
        shown = CliRunner().invoke(app, [*words, "--help"])
        assert shown.exit_code == 0, shown.output


@pytest.mark.parametrize("name", OURS)
def test_every_variable_of_a_service_is_a_key(name: str, tmp_path: Path) -> None:
    environment = dict(SERVICES[name]["environment"])
    for variable in environment:
        if variable.endswith("_FILE"):
            environment[variable] = str(tmp_path / "secret")
    (tmp_path / "secret").write_text("sqlite:///x\n")
    found = overrides({key: str(value) for key, value in environment.items()}, Settings)
    assert len(found) == len(environment.keys() - RESERVED)


def test_the_images_variables_are_keys() -> None:
    pairs = dict(re.findall(r"(ISOCENTER_\w+)=(\S+)", DOCKERFILE))
    assert len(overrides(pairs, Settings)) == len(pairs) >= 4


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_has_no_more_rights_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"].split(":")[0] not in ("0", "root")
    assert "privileged" not in service
    assert not any("docker.sock" in str(volume) for volume in service.get("volumes", ()))


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"migrate"}))
def test_a_service_that_stays_up_has_a_health_check(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


def test_what_a_service_names_is_defined() -> None:
    for service in SERVICES.values():
        assert set(service.get("depends_on", {})) <= set(SERVICES)
        assert set(service.get("secrets", ())) <= set(COMPOSE["secrets"])
        volumes = [str(volume).split(":")[0] for volume in service.get("volumes", ())]
        assert {volume for volume in volumes if not volume.startswith(".")} <= set(COMPOSE["volumes"])


def test_no_secret_stands_in_the_files() -> None:
    for service in SERVICES.values():
        for variable in service.get("environment", {}):
            assert "PASSWORD" not in variable or variable.endswith("_FILE")


def test_ports_are_on_the_loopback_address_unless_told_otherwise() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert published
    assert all(re.match(r"\$\{\w+:-127\.0\.0\.1\}:", port) for port in published)


def test_the_split_profile_has_one_container_a_role_and_what_they_need() -> None:
    split = {name for name, service in SERVICES.items() if service.get("profiles") == ["split"]}
    assert split == {"dicom", "web", "worker", "migrate", "redis"}
    for role in ("dicom", "web", "worker"):
        assert SERVICES[role]["command"] == [role]
        assert SERVICES[role]["environment"]["ISOCENTER_EVENTS__URL"].startswith("redis://redis")


def test_the_image_runs_as_nobody_special_and_checks_itself() -> None:
    assert instructions("USER") == ["10001:10001"]
    assert instructions("VOLUME") == ["/var/lib/isocenter"]
    assert instructions("ENTRYPOINT") == ['["isocenter"]']
    assert instructions("CMD") == ['["serve"]']
    assert any('CMD ["isocenter", "health"]' in check for check in instructions("HEALTHCHECK"))
    assert all("latest" not in image for image in instructions("FROM"))


def test_the_image_gets_every_package() -> None:
    packages = re.findall(r"^packages = \[(.*)\]$", (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[0]
    ignored = (ROOT / ".dockerignore").read_text()
    for package in re.findall(r'"(\w+)"', packages):
        assert f"COPY {package} {package}" in DOCKERFILE
        assert f"!{package}\n" in ignored


def _has_compose() -> bool:
    if not shutil.which("docker"):
        return False
    return subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0


def test_docker_itself_understands_the_compose_file(tmp_path: Path) -> None:
    if not _has_compose():
        pytest.skip("docker compose is not installed")
    done = subprocess.run(
        ["docker", "compose", "-f", str(ROOT / "docker-compose.yml"), "--profile", "split", "config", "-q"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
