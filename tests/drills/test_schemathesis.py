"""The published contract, tried by a stranger's tool: schemathesis, against a real process.

It reads the document, makes up requests that fit it and requests that do not, and holds each
answer to the document: no 5xx, no undocumented status, no body that breaks its schema, no bad
request taken, no door open without a token. Two identities ask: an administrator of a school
and a parent. Ids that exist are made known to it, so that what lies behind them is reached.
"""

import copy
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from backend.settings import Settings
from tests.authz.world import World
from tests.drills import dice, seen, size
from tests.drills.standing import Standing, standing

IDENTITIES = ("admin", "parent")
SECONDS = size(25, 420)
"""How long one identity's requests go on."""
AT_LEAST = size(20, 1_000)
"""Cases of each identity on the slowest machine that shall say anything at all."""
PHASES = "examples,fuzzing"
"""Not its coverage phase, which raises inside schemathesis on Python 3.11.7, and not its stateful
phase, which raises when the time is over before it; without links in the document that would
only follow what schemathesis infers by itself."""
LEAVING = ("signOut", "signOutEverywhere", "revokeMySession", "setMyPassword")
"""Whoever tries these is signed out, so somebody else tries them, and only these."""
LEAVES = "grade_lead"
Document = dict[str, Any]


@dataclass(frozen=True)
class Found:
    """What one run tried, and its verdict; ``said`` is what it printed."""

    cases: int
    passed: bool
    said: str


@pytest.fixture(scope="module")
def served(
    world: World, dsn: str, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Standing]:
    with standing(dsn, tmp_path_factory.mktemp("contract"), settings.data_dir) as found:
        yield found


@pytest.fixture(scope="module")
def published(served: Standing) -> Document:
    """The document as the process publishes it."""
    # It is put together when first asked for, which a busy machine may not have time for.
    for _ in range(20):
        answer = httpx.get(f"{served.bases[0]}/openapi.json", timeout=60)
        if answer.status_code != 503:
            break
        time.sleep(1)
    assert answer.status_code == 200, answer.text
    found: Document = answer.json()
    return found


def configuration(world: World, name: str) -> str:
    """Return the tool's settings: who asks, which ids there are, and what may refuse."""
    token = world.headers[name]["Authorization"].removeprefix("Bearer ")
    ids = {key: str(value) for key, value in vars(world.places["own"]).items()
           if key.endswith("_id")}  # fmt: skip
    assert len(ids) > 20
    # Who may not come in hears that before anybody reads what they brought.
    refusals = [400, 401, 403, 404, 405, 409, 413, 415, 422, 428, 429]
    return "\n".join(
        [
            f'[auth.openapi.bearer]\nbearer = "{token}"',
            f"[checks.negative_data_rejection]\nexpected-statuses = {refusals}",
            *(f'[dictionaries.{key}]\nvalues = ["{value}"]' for key, value in ids.items()),
            "[parameters]",
            *(f'"path.{key}" = {{ dictionary = "{key}", probability = 0.7 }}' for key in ids),
        ]
    )


def run(
    base: str, folder: Path, document: Document, config: str, *more: str, seed: int = 1
) -> Found:
    """Let schemathesis try a document against a process, with all its checks but one.

    Left out is that whatever fits must be accepted: whether a row is there, and whether now
    is the time for it, no schema can say.
    """
    folder.mkdir(parents=True)
    (folder / "schemathesis.toml").write_text(config, encoding="utf-8")
    (folder / "openapi.json").write_text(json.dumps(document), encoding="utf-8")
    done = subprocess.run(
        [
            sys.executable, "-m", "schemathesis.cli", "--config-file", "schemathesis.toml", "run",
            "openapi.json", "--url", base, "--phases", PHASES, "--checks", "all",
            "--exclude-checks", "positive_data_acceptance", "--seed", str(seed),
            "--workers", "2", "--continue-on-failure", "--no-shrink", "--no-color",
            "--request-timeout", "60", "--suppress-health-check", "all", *more,
        ],
        cwd=folder, capture_output=True, text=True, timeout=SECONDS * 5 + 300, check=False,
        env={"PATH": os.environ["PATH"], "PYTHONUTF8": "1", "HOME": str(folder)},
    )  # fmt: skip
    said = done.stdout + done.stderr
    tried = re.search(r"(\d+) generated", said)
    return Found(int(tried[1]) if tried else 0, done.returncode == 0, said)


def test_every_answer_is_as_published_whoever_asks_whatever(
    served: Standing, published: Document, world: World, tmp_path: Path
) -> None:
    chance, begun = dice("schemathesis"), time.monotonic()
    cases = {}
    stays = [part for name in LEAVING for part in ("--exclude-operation-id", name)]
    leaves = [part for name in LEAVING for part in ("--include-operation-id", name)]
    for name in (*IDENTITIES, LEAVES):
        which = ["--max-time", str(SECONDS), *stays] if name != LEAVES else leaves
        more = ["--max-examples", str(size(2, 24)), *which]
        config, seed = configuration(world, name), chance.getrandbits(32)
        # On a slow machine the time is over before everything was asked: not always the same.
        paths = chance.sample(sorted(published["paths"]), len(published["paths"]))
        document = {**published, "paths": {path: published["paths"][path] for path in paths}}
        found = run(served.bases[0], tmp_path / name, document, config, *more, seed=seed)
        cases[name] = found.cases
        assert found.passed, found.said[-20_000:]
    for name in IDENTITIES:
        assert cases[name] >= AT_LEAST
        # They were let in until the end.
        me = httpx.get(f"{served.bases[0]}/v1/me", headers=world.headers[name], timeout=60)
        assert me.status_code == 200, me.text
    took = time.monotonic() - begun
    seen(
        "schemathesis", operations=sum(map(len, published["paths"].values())), **cases,
        failures=0, seconds=round(took), per_second=round(sum(cases.values()) / took, 1),
    )  # fmt: skip
    assert served.accidents() == []


def _undocumented(document: Document) -> str:
    del document["paths"]["/v1/notices/{notice_id}"]["get"]["responses"]["404"]
    return "/v1/notices/{notice_id}"


def _another_schema(document: Document) -> str:
    schema = document["components"]["schemas"]["MeOut"]
    schema["properties"]["name"] = {"type": "integer"}
    return "/v1/me"


def _open_to_all(document: Document) -> str:
    document["paths"]["/v1/privacy-notice"]["get"].pop("security")
    return "/v1/privacy-notice"


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (_undocumented, "Undocumented status code"),
        (_another_schema, "Response violates schema"),
        (_open_to_all, "API accepts requests without authentication"),
    ],
    ids=["a status", "a schema", "a lock"],
)
def test_control_a_document_that_is_not_true_is_noticed(
    served: Standing, published: Document, world: World, tmp_path: Path, spoil: Any, complaint: str
) -> None:
    document = copy.deepcopy(published)
    path = spoil(document)
    document["paths"] = {path: {"get": document["paths"][path]["get"]}}
    config = configuration(world, "admin")
    found = run(served.bases[0], tmp_path / "run", document, config, "--max-examples", "5")
    assert not found.passed
    assert complaint in found.said, found.said[-4_000:]
