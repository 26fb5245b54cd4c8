"""How a code leaves the house."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from backend import clock
from backend.database import execute, fetch
from backend.people.gateways import (
    ConsoleGateway,
    GatewayRefusal,
    GatewayTrouble,
    HttpGateway,
    Sms,
    gateway_for,
    sign,
)
from backend.people.jobs import purge, send_sms
from backend.people.models import SmsMessage
from backend.people.tokens import new_request_id
from backend.settings import Settings
from tests.people.household import Postbag

SECRET = "shared-with-the-operator"


class Troubled(Postbag):
    """A gateway that is down, or will not have a message."""

    def __init__(self, error: type[Exception]) -> None:
        super().__init__()
        self.error = error
        self.tries = 0

    async def send(self, sms: Sms) -> None:
        self.tries += 1
        raise self.error("503")


class Slow(Postbag):
    async def send(self, sms: Sms) -> None:
        await asyncio.sleep(0.02)
        await super().send(sms)


async def _leave(keys, count: int = 1) -> None:
    now = clock.now()
    for number in range(count):
        sms_id = new_request_id()
        await SmsMessage.create(
            id=sms_id,
            phone=f"+861380013{number:04d}",
            template="sign_in_code",
            payload=keys.seal(sms_id, f"{number:06d}"),
            due_at=now,
            expires_at=now + timedelta(minutes=5),
        )


async def test_three_workers_send_each_message_once(db, keys) -> None:
    await _leave(keys, 50)
    postbag = Slow()
    for _ in range(3):
        await asyncio.gather(*(send_sms(postbag, keys, clock.now()) for _ in range(3)))
    assert sorted(s.values["code"] for s in postbag.sent) == [f"{n:06d}" for n in range(50)]
    assert await SmsMessage.filter(state="sent", payload="").count() == 50


async def test_a_message_of_a_worker_that_died_comes_due_again(db, keys) -> None:
    await _leave(keys)
    dying = asyncio.create_task(send_sms(_Hanging(), keys, clock.now()))
    await asyncio.sleep(0.1)
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    postbag = Postbag()
    assert await send_sms(postbag, keys, clock.now()) == 0
    assert await send_sms(postbag, keys, clock.now() + timedelta(seconds=61)) == 1
    assert len(postbag.sent) == 1


class _Hanging(Postbag):
    async def send(self, sms: Sms) -> None:
        await asyncio.sleep(3600)


async def test_trouble_is_tried_again_ever_later_and_given_up_when_the_code_expires(
    db, keys
) -> None:
    await _leave(keys)
    gateway, now, pauses = Troubled(GatewayTrouble), clock.now(), []
    while (message := await SmsMessage.get()).state == "queued":
        assert await send_sms(gateway, keys, max(now, message.due_at)) == 1
        after = await SmsMessage.get()
        pauses.append((after.due_at - message.due_at).total_seconds())
    assert (message.state, message.payload) == ("given_up", "")
    assert gateway.tries == 6
    assert [round(p / 2 ** (n + 1)) for n, p in enumerate(pauses[:5])] == [1] * 5


async def test_a_gateway_that_asks_for_a_rest_gets_it(db, keys) -> None:
    await _leave(keys)
    async with _operator(429, []) as url:
        gateway, now = HttpGateway(url, SECRET), clock.now()
        await send_sms(gateway, keys, now)
        await gateway.close()
    [message] = await SmsMessage.all()
    assert (message.state, (message.due_at - now).total_seconds()) == ("queued", 90)


async def test_a_message_the_gateway_will_never_take_is_given_up_at_once(db, keys) -> None:
    await _leave(keys)
    gateway = Troubled(GatewayRefusal)
    await send_sms(gateway, keys, clock.now())
    assert (await SmsMessage.get()).state == "given_up"
    assert await send_sms(gateway, keys, clock.now() + timedelta(minutes=1)) == 0
    assert gateway.tries == 1


async def test_an_expired_code_is_not_sent(db, keys, postbag) -> None:
    await _leave(keys)
    assert await send_sms(postbag, keys, clock.now() + timedelta(minutes=5)) == 0
    message = await SmsMessage.get()
    assert (message.state, message.payload, postbag.sent) == ("given_up", "", [])


async def test_a_text_moved_to_another_row_cannot_be_read(db, keys, postbag) -> None:
    await _leave(keys, 2)
    await execute(
        "UPDATE sms_outbox SET payload = (SELECT payload FROM sms_outbox "
        "WHERE phone = '+8613800130001') WHERE phone = '+8613800130000'"
    )
    await send_sms(postbag, keys, clock.now())
    assert [s.phone for s in postbag.sent] == ["+8613800130001"]
    assert await SmsMessage.filter(state="given_up").count() == 1


@asynccontextmanager
async def _operator(status: int, seen: list[tuple[dict[str, str], bytes]]) -> AsyncIterator[str]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        pairs = (line.split(": ", 1) for line in head[1:] if line)
        headers = {name.lower(): value for name, value in pairs}
        body = await reader.readexactly(int(headers["content-length"]))
        seen.append((headers, body))
        if status:
            asks = "retry-after: 90\r\n" if status in (429, 503) else ""
            writer.write(f"HTTP/1.1 {status} X\r\n{asks}content-length: 0\r\n\r\n".encode())
            await writer.drain()
        else:
            await asyncio.sleep(0.5)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        port = server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/sms"
    finally:
        server.close()


def _sms() -> Sms:
    return Sms(
        id=new_request_id(),
        phone="+8613800138000",
        template="sign_in_code",
        values={"code": "314159", "minutes": "5"},
    )


async def test_the_http_gateway_signs_what_it_posts() -> None:
    seen: list[tuple[dict[str, str], bytes]] = []
    sms = _sms()
    async with _operator(200, seen) as url:
        gateway = HttpGateway(url, SECRET)
        await gateway.send(sms)
        await gateway.close()
    ((headers, body),) = seen
    assert json.loads(body) == {
        "id": str(sms.id),
        "phone": "+8613800138000",
        "template": "sign_in_code",
        "values": {"code": "314159", "minutes": "5"},
    }
    timestamp = headers["x-tongxing-timestamp"]
    assert abs(int(timestamp) - clock.now().timestamp()) < 5
    assert headers["x-tongxing-signature"] == sign(SECRET.encode(), timestamp, body)
    assert headers["x-tongxing-signature"] != sign(SECRET.encode(), timestamp, body + b" ")


@pytest.mark.parametrize(
    ("status", "error"),
    [(503, GatewayTrouble), (429, GatewayTrouble), (0, GatewayTrouble), (400, GatewayRefusal),
     (401, GatewayRefusal), (302, GatewayRefusal)],
)  # fmt: skip
async def test_the_http_gateway_knows_trouble_from_refusal(status: int, error: type) -> None:
    async with _operator(status, []) as url:
        gateway = HttpGateway(url, SECRET, timeout=0.2)
        with pytest.raises(error):
            await gateway.send(_sms())
        await gateway.close()


async def test_nobody_listening_is_trouble() -> None:
    gateway = HttpGateway("http://127.0.0.1:9/sms", SECRET)
    with pytest.raises(GatewayTrouble):
        await gateway.send(_sms())
    await gateway.close()


async def test_an_installation_gets_the_gateway_it_is_configured_for() -> None:
    assert isinstance(gateway_for(Settings()), ConsoleGateway)
    http = gateway_for(
        Settings(sms_gateway="http", sms_url="http://127.0.0.1:9/sms", sms_secret=SECRET)
    )
    assert isinstance(http, HttpGateway)
    await http.close()
    with pytest.raises(ValueError, match="sms_url"):
        gateway_for(Settings(sms_gateway="http"))


async def test_the_purge_takes_what_has_expired_and_nothing_else(cast, phone, keys) -> None:
    old, young = phone("fathers-phone"), phone("mothers-phone")
    await old.sign_in("13800138001")
    for table, column in (
        ("access_tokens", "expires_at"),
        ("sign_in_codes", "expires_at"),
        ("sms_outbox", "created_at"),
        ("limits", "started_at"),
        ("sessions", "expires_at"),
    ):
        await execute(f"UPDATE {table} SET {column} = {column} - interval '400 days'")
    await young.sign_in("13800138002")
    gone = await purge()
    counts = {table: (await fetch(f"SELECT count(*) AS n FROM {table}"))[0]["n"] for table in gone}
    assert {t: gone[t] for t in ("access_tokens", "sign_in_codes", "sms_outbox", "sessions")} == {
        "access_tokens": 1,
        "sign_in_codes": 1,
        "sms_outbox": 1,
        "sessions": 1,
    }
    assert (counts["access_tokens"], counts["sessions"], counts["limits"]) == (1, 1, 4)
    assert (await young.ask("GET", "/me")).status_code == 200
