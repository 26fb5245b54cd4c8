"""compose.yaml and Dockerfile say only what is true of this tree.

No container engine is needed: the file is held against the Compose Specification's schema
(``compose-spec.json``, Apache-2.0, as shipped by the npm package dclint 3.1.0), and its
entry points are started as plain processes with the environment it gives them.
"""

import json
import os
import re
import signal
import subprocess
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from typer.testing import CliRunner

from backend import embedded
from backend.cli import app
from backend.settings import Settings
from tests.setup.processes import ROOT, end, free_ports, is_ready, tongxing, wait_until

HOUSE = ("migrate", "api", "worker", "backup")
WATCHERS = ("prometheus", "grafana")
"""Started by the profile ``observability`` alone."""
OPERATOR = {
    "TONGXING_SMS_URL": "http://127.0.0.1:9/sms",
    "TONGXING_PUBLIC_URL": "https://tongxing.example.edu.cn",
    "TONGXING_PUSH_PROVIDER": "console",
}


def interpolate(text: str) -> str:
    """Fill ``${NAME:-default}`` and ``${NAME:?why}`` as Compose does."""

    def fill(found: re.Match[str]) -> str:
        name, default = found.group(1), found.group(2)
        if name in OPERATOR:
            return OPERATOR[name]
        if default is None:
            pytest.fail(f"compose.yaml needs {name}, which its comment must explain")
        return default

    filled = re.sub(r"(?<!\$)\$\{(\w+)(?::-([^}]*)|:\?[^}]*)?\}", fill, text)
    return filled.replace("$$", "$")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(interpolate((ROOT / "compose.yaml").read_text()))
    return document


def test_compose_follows_the_specification(compose: dict[str, Any]) -> None:
    schema = json.loads((Path(__file__).parent / "compose-spec.json").read_text())
    check = jsonschema_rs.Draft7Validator(schema)
    assert [error.message for error in check.iter_errors(compose)] == []
    compose["services"]["api"]["replica"] = 2
    assert not check.is_valid(compose), "the schema lets a misspelt key pass"
    del compose["services"]["api"]["replica"]


@pytest.mark.parametrize("service", ["postgres", "gateway", *HOUSE, *WATCHERS])
def test_no_container_may_do_more_than_it_needs(compose: dict[str, Any], service: str) -> None:
    told = compose["services"][service]
    assert told["user"] not in ("root", "0", "0:0")
    assert told["read_only"] is True
    assert told["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in told["security_opt"]
    assert {"cpus", "memory", "pids"} <= set(told["deploy"]["resources"]["limits"])
    assert service == "migrate" or "healthcheck" in told
    for name, value in told.get("environment", {}).items():
        if re.search("SECRET|PASSWORD|CREDENTIALS|DATABASE_URL", name):
            assert str(value).startswith("/run/secrets/"), f"{service}: {name} is in the clear"


@pytest.mark.parametrize("service", HOUSE)
def test_every_name_a_service_uses_exists(compose: dict[str, Any], service: str) -> None:
    told = compose["services"][service]
    run = CliRunner()
    assert run.invoke(app, [*told["command"], "--help"]).exit_code == 0
    assert run.invoke(app, [*told["command"], "--misspelt", "--help"]).exit_code == 2
    fields = set(Settings.__struct_fields__)
    for variable in told["environment"]:
        field = variable.removeprefix("TONGXING_").lower()
        assert field in fields or field.removesuffix("_file") in fields, variable
    assert set(told["secrets"]) <= set(compose["secrets"])
    for volume in told.get("volumes", []):
        assert volume.partition(":")[0] in compose["volumes"]
    assert set(told["networks"]) <= set(compose["networks"])


def test_the_keys_of_ballots_lie_on_a_volume_of_their_own(compose: dict[str, Any]) -> None:
    """Whoever opens a vote and whoever counts it see one place, apart from files and rows."""
    services = compose["services"]
    place = services["api"]["environment"]["TONGXING_BALLOT_KEYS"]
    mounted = {
        name: {target: source for source, target in (v.split(":") for v in told["volumes"])}
        for name, told in services.items()
        if "volumes" in told and name != "gateway"
    }
    assert mounted["api"][place] == mounted["worker"][place] == "ballot-keys"
    assert place not in mounted["postgres"]
    # Who hands files out sees the files alone, not what else lies on their volume.
    [seen] = services["gateway"]["volumes"]
    assert (seen["source"], seen["read_only"], seen["volume"]["subpath"]) == (
        "files", True, "files",
    )  # fmt: skip
    assert not Path(place).is_relative_to(services["api"]["environment"]["TONGXING_DATA_DIR"])
    # A volume takes over owner and mode of the image's directory.
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert f"install -d -o tongxing -g tongxing -m 0700 {place}\n" in dockerfile


def test_the_image_is_built_from_what_is_here(compose: dict[str, Any]) -> None:
    assert (ROOT / compose["services"]["api"]["build"]["context"] / "Dockerfile").is_file()
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    copied = [line.split()[1:-1] for line in lines if re.match(r"COPY (?!--from)", line)]
    for source in (part for parts in copied for part in parts):
        assert (ROOT / source).exists(), f"the Dockerfile copies {source}"
        assert f"!{source}" in ignored, f".dockerignore keeps {source} out"
    assert any(line.startswith("USER tongxing") for line in lines)
    assert 'ENTRYPOINT ["tongxing"]' in lines


class Composed:
    """The services of compose.yaml as plain processes."""

    def __init__(self, compose: dict[str, Any], home: Path, dsn: str) -> None:
        self.compose, self.home = compose, home
        self.running: list[subprocess.Popen[str]] = []
        secrets = {"database_url": dsn, "secret_key": "k" * 64, "sms_secret": "s" * 32}
        for name, value in secrets.items():
            (home / name).write_text(f"{value}\n")

    def start(self, service: str, *more: str) -> subprocess.Popen[str]:
        told = self.compose["services"][service]
        given = {
            # Compose fills in parsed text: what is left empty is no null but an empty string.
            name: str(value or "").replace("/run/secrets/", f"{self.home}/")
            for name, value in told["environment"].items()
        }
        given |= {"TONGXING_DATA_DIR": str(self.home / "data"), "TONGXING_HOST": "127.0.0.1"}
        given |= {"TONGXING_BALLOT_KEYS": str(self.home / "keys")}
        process = tongxing(*told["command"], *more, cwd=self.home, **given)
        self.running.append(process)
        return process

    def finish(self, process: subprocess.Popen[str]) -> str:
        """Ask a process to leave, and return what it said. Fails when it does not leave well."""
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=30)
        assert process.returncode == 0, said
        return said


@pytest.fixture
async def composed(
    compose: dict[str, Any], tmp_path: Path, server: embedded.Server
) -> AsyncIterator[Composed]:
    dsn = server.dsn(f"composed_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}")
    await embedded.ensure_database(dsn)
    house = Composed(compose, tmp_path, dsn)
    yield house
    for process in house.running:
        end(process)


def test_two_apis_and_two_workers_run_on_one_database(composed: Composed) -> None:
    too_early = composed.start("api", "--port", str(free_ports(1)[0]))
    said, _ = too_early.communicate(timeout=60)
    assert too_early.returncode == 1 and "tongxing migrate" in said

    migrate = composed.start("migrate")
    assert migrate.wait(timeout=120) == 0, migrate.communicate()[0]

    ports = free_ports(2)
    apis = [composed.start("api", "--port", str(port)) for port in ports]
    hearts = [composed.home / f"alive-{number}" for number in range(2)]
    workers = [composed.start("worker", "--heartbeat", str(heart)) for heart in hearts]
    for port, api in zip(ports, apis, strict=True):
        wait_until(partial(is_ready, port), api)
    for heart, worker in zip(hearts, workers, strict=True):
        wait_until(heart.exists, worker)

    taken = composed.start("api", "--port", str(ports[0]))
    said, _ = taken.communicate(timeout=60)
    assert taken.returncode == 1 and "choose another port" in said

    for process in (*apis, *workers):
        assert "Traceback" not in composed.finish(process)


@pytest.mark.parametrize("missing", ["secret_key", "sms_secret"])
def test_production_does_not_start_without_its_secrets(composed: Composed, missing: str) -> None:
    (composed.home / missing).write_text("\n")
    process = composed.start("migrate")
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"TONGXING_{missing.upper()}" in said
