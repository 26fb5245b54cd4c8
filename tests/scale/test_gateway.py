"""One nginx before two districts: every request reaches its own, and only its own.

The configuration is the one ``tongxing districts gateway`` writes, the nginx a real one.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import websockets

from tests.scale.city import City, Phone, ask
from tests.scale.planting import PARENT, TEACHER
from tests.setup.processes import ROOT, free_ports

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
DOOR = "door.localhost"
pytestmark = pytest.mark.skipif(NGINX is None, reason="no nginx on this machine")

MAIN = """\
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/tongxing.conf;
}}
"""


def written(city: City, port: int) -> str:
    """Return the configuration the command writes for the city."""
    done = subprocess.run(
        [
            sys.executable, "-m", "backend.cli", "districts", "gateway", str(city.directory),
            "--door", DOOR, "--listen", f"127.0.0.1:{port}",
        ],
        cwd=ROOT, env={"PATH": os.environ["PATH"], "PYTHONUTF8": "1"},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def nginx(configuration: str, port: int, folder: Path) -> Iterator[None]:
    """Run nginx with ``configuration`` until the block ends."""
    assert NGINX is not None
    folder.mkdir()
    (folder / "tongxing.conf").write_text(configuration, encoding="utf-8")
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder), encoding="utf-8")
    process = subprocess.Popen([NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf")])
    try:
        deadline = time.monotonic() + 30
        while not _answers(port):
            assert process.poll() is None, (folder / "error.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="module")
def through(city: City, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """The city behind its gateway."""
    folder = tmp_path_factory.mktemp("gateway") / "nginx"
    with nginx(written(city, city.door), city.door, folder):
        yield city


async def signed_in(city: City, shard: str, number: str = PARENT) -> Phone:
    phone = city.phone(shard, number, through_gateway=True)
    await phone.sign_in()
    return phone


async def at_the_door(city: City, token: str | None, method: str, path: str, **more: object):  # type: ignore[no-untyped-def]
    """Ask at the host that belongs to no district."""
    return await ask(f"http://127.0.0.1:{city.door}", DOOR, token, method, path, **more)


async def test_each_district_is_reached_by_its_own_address(through: City) -> None:
    for name, shard in through.shards.items():
        phone = await signed_in(through, name)
        [child] = (await phone.ask("GET", "/v1/me/children")).json()["items"]
        assert child["name"] == f"{shard.mark}的孩子"
        assert (await phone.refresh()).status_code == 200
        # A link the house gave is appended to the same address, and bears no token.
        link = (await phone.ask("PUT", "/v1/me/calendar-feed")).json()["url"]
        phone.tokens = {}
        assert (await phone.ask("GET", link)).status_code == 200


async def test_at_the_common_door_a_request_goes_where_its_token_says(through: City) -> None:
    for name, shard in through.shards.items():
        phone = await signed_in(through, name)
        for scheme in ("Bearer", "bearer"):
            headers = {"Authorization": f"{scheme} {phone.token}"}
            answer = await at_the_door(through, None, "GET", "/v1/me/children", headers=headers)
            assert answer.json()["items"][0]["name"] == f"{shard.mark}的孩子"


async def test_who_says_nothing_of_a_district_is_asked_to_choose_one(through: City) -> None:
    listed = (await at_the_door(through, None, "GET", "/v1/districts")).json()["items"]
    assert {one["url"] for one in listed} == {shard.url for shard in through.shards.values()}
    for token in (None, f"tx_a_{'a' * 43}", f"tx_a_zz.{'a' * 43}"):
        answer = await at_the_door(through, token, "GET", "/v1/me")
        assert (answer.status_code, answer.json()["code"]) == (421, "misdirected")
        assert answer.json()["facts"] == {"shard": None, "url": None}
    asked = await at_the_door(
        through, None, "POST", "/v1/auth/codes", plain=True,
        json={"phone": "13800138001", "deviceId": "a-new-device"},
        headers={"Accept-Language": "en"},
    )  # fmt: skip
    assert asked.status_code == 421 and "choose your district" in asked.json()["detail"]


async def test_a_token_at_another_districts_address_is_answered_by_that_district(
    through: City,
) -> None:
    phone = await signed_in(through, "xa")
    away = through.phone("ta", PARENT, through_gateway=True)
    answer = await ask(away.base, away.host, phone.token, "GET", "/v1/me")
    assert answer.status_code == 421
    assert answer.json()["facts"] == {"shard": "xa", "url": through.shards["xa"].url}


async def test_a_live_connection_goes_through_and_may_be_silent(through: City) -> None:
    for name in through.shards:
        phone = await signed_in(through, name)
        assert phone.token is not None
        for base, host, first in (
            (phone.base, phone.host, True),
            (f"http://127.0.0.1:{through.door}", DOOR, False),
        ):
            headers = {} if first else {"Authorization": f"Bearer {phone.token}"}
            url = base.replace("http", "ws", 1) + "/v1/live"
            async with _named(url, host, headers) as live:
                if first:
                    await live.send(json.dumps({"token": phone.token}))
                assert json.loads(await live.recv()) == {"type": "hello"}
                if first:
                    await phone.ask("DELETE", "/v1/me/session")
                    with pytest.raises(websockets.ConnectionClosed) as closed:
                        await asyncio.wait_for(live.recv(), 30)
                    assert closed.value.rcvd is not None and closed.value.rcvd.code == 4401
                    await phone.sign_in()


async def test_a_dead_district_harms_no_other_and_comes_back(through: City) -> None:
    alive, dead = await signed_in(through, "xa"), await signed_in(through, "ta", TEACHER)
    shard = through.shards["ta"]
    refused: list[httpx.Response] = []
    served: list[int] = []
    shard.kill()
    try:
        for _ in range(20):
            refused.append(await dead.ask("GET", "/v1/me"))
            refused.append(await at_the_door(through, dead.token, "GET", "/v1/me"))
            served.append((await alive.ask("GET", "/v1/me")).status_code)
            listed = await at_the_door(through, None, "GET", "/v1/districts")
            served.append(listed.status_code)
        written_down = await dead.ask("PUT", "/v1/me/calendar-feed")
    finally:
        shard.start()
        shard.wait()
    assert set(served) == {200}
    for answer in [*refused, written_down]:
        assert answer.status_code == 503 and answer.json()["code"] == "busy"
        assert int(answer.headers["retry-after"]) > 0
    await asyncio.sleep(2.5)  # as long as nginx lets a server that failed rest
    assert (await dead.ask("GET", "/v1/me")).status_code == 200


async def test_a_gateway_that_sends_everyone_to_one_district_is_found_out(
    city: City, tmp_path: Path
) -> None:
    """What the stories above rest on, taken away: the token's prefix in the gateway."""
    [port] = free_ports(1)
    honest = written(city, port)
    careless = honest.replace('+tx_a_ta\\." tongxing_ta;', '+tx_a_ta\\." tongxing_xa;')
    assert careless != honest
    phone = city.phone("ta", PARENT)
    await phone.sign_in()
    with nginx(careless, port, tmp_path / "nginx"):
        base = f"http://127.0.0.1:{port}"
        answer = await ask(base, DOOR, phone.token, "GET", "/v1/me/children")
    assert answer.status_code == 421, "the installation notices what the gateway does not"
    assert answer.json()["facts"]["url"] == city.shards["ta"].url


def _named(url: str, host: str, headers: dict[str, str]) -> websockets.connect:
    """Connect to a port of this machine in the name of ``host``."""
    port = int(url.split(":")[2].split("/")[0])
    return websockets.connect(
        url.replace(f"127.0.0.1:{port}", f"{host}:{port}"),
        host="127.0.0.1", port=port, additional_headers=headers,
    )  # fmt: skip


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/v1/districts").status_code > 0
    except httpx.TransportError:
        return False
