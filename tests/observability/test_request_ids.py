"""One id joins a request's answer, its line in the log, its letter, and the worker's lines."""

import json
from typing import Any

import msgspec
import pytest

from backend import clock
from backend.database import fetch, fetch_one
from backend.people import jobs as people
from backend.people.gateways import GatewayTrouble, Sms
from backend.people.tokens import keys_for
from backend.settings import Settings
from backend.web.measuring import UNMATCHED, measure
from notifications import origin
from seed.cast import Cast
from tests.canary.story import Told, carry, logging_everything
from tests.house import SignIn, Visitor
from tests.notices import stories
from tests.observability.test_metrics import answer, asked_for, away, nothing

LINE = {
    "event", "level", "logger", "timestamp", "process", "method", "route", "status", "ms",
    "request_id",
}  # fmt: skip


def lines(log: Any, event: str) -> list[dict[str, Any]]:
    written = [json.loads(line) for line in log.getvalue().splitlines()]
    return [line for line in written if line["event"] == event]


async def test_a_letter_keeps_the_id_of_the_request_that_left_it(as_: SignIn, cast: Cast) -> None:
    teacher, parent = await as_("林晓岚"), await as_("李建国")
    device = {"token": "push-token-1", "provider": "console", "platform": "android"}
    assert (await parent.put("/me/push-device", json=device)).status_code == 200
    notice = await stories.written(teacher, stories.draft(cast))
    with logging_everything("json") as log:
        published = await stories.publish(teacher, notice)
        request_id = published.headers["x-request-id"]
        letter = await fetch_one("SELECT id, request_id, trace FROM post_letter")
        assert letter is not None and letter["request_id"] == request_id
        await carry(Told(log))
    (request,) = [line for line in lines(log, "request") if line["request_id"] == request_id]
    assert set(request) == LINE
    assert (request["method"], request["status"]) == ("PUT", 200)
    assert request["route"] == "/v1/notices/{notice_id}/publication"
    (carried,) = lines(log, "letter_carried")
    assert (carried["request_id"], carried["letter"]) == (request_id, str(letter["id"]))
    assert carried["accepted"] == 1


async def test_a_silent_push_keeps_the_id_of_the_request_that_caused_it(
    as_: SignIn, cast: Cast
) -> None:
    """It rides on the notice's letter, but it was reading that caused it."""
    teacher, parent = await as_("林晓岚"), await as_("李建国")
    other = await as_("李建国")
    device = {"token": "push-token-2", "provider": "console", "platform": "android"}
    assert (await other.put("/me/push-device", json=device)).status_code == 200
    notice = await stories.published(teacher, stories.draft(cast, confirmMode="tap"))
    with logging_everything("json") as log:
        await carry(Told(log))
        await fetch("UPDATE post_device SET session_id = NULL RETURNING id")
        done = await parent.put(f"/notices/{notice}/confirmation", json={"revision": 1})
        assert done.status_code == 200, done.text
        (silent,) = await fetch("SELECT request_id FROM post_delivery WHERE silent")
        assert silent["request_id"] == done.headers["x-request-id"]
        await carry(Told(log))
    assert lines(log, "letter_carried")[-1]["request_id"] == silent["request_id"]


class Deaf:
    """A gateway nobody answers at."""

    async def send(self, sms: Sms) -> None:
        raise GatewayTrouble("no answer")

    async def close(self) -> None:
        """Nothing was opened."""


async def test_a_text_message_keeps_the_id_of_the_request_that_asked_for_it(
    anyone: Visitor, settings: Settings
) -> None:
    asked = await anyone.post(
        "/auth/codes", json={"phone": "13900000007", "deviceId": "one-device"}
    )
    assert asked.status_code == 202, asked.text
    with logging_everything("json") as log:
        await people.send_sms(Deaf(), keys_for(settings.secret_key), clock.now())
    (delayed,) = lines(log, "sms_delayed")
    assert delayed["request_id"] == asked.headers["x-request-id"]


async def test_what_is_left_outside_of_requests_has_no_id(as_: SignIn, cast: Cast) -> None:
    assert (origin.request_id(), origin.trace()) == (None, None)
    await as_("林晓岚")
    assert (origin.request_id(), origin.trace()) == (None, None), "a slip outlives its request"


@pytest.mark.parametrize(
    ("peer", "given", "is_taken"),
    [
        ("10.1.2.3", b"proxy-0123456789abcdef", True),
        ("::ffff:10.1.2.3", b"proxy-0123456789abcdef", True),
        ("203.0.113.9", b"proxy-0123456789abcdef", False),
        ("10.1.2.3", b"short", False),
        ("10.1.2.3", b"a" * 65, False),
        ("10.1.2.3", b'evil"\r\nevent: x', False),
    ],
)
async def test_an_id_is_taken_from_our_own_proxy_alone(
    seen: Settings, peer: str, given: bytes, is_taken: bool
) -> None:
    behind = msgspec.structs.replace(seen, trusted_proxies=("10.0.0.0/8",))
    for settings, expected in ((behind, is_taken), (seen, False)):
        scope = asked_for("/behind")
        scope["client"], scope["headers"] = (peer, 1), [(b"x-request-id", given)]
        with logging_everything("json") as log:
            await measure(answer, settings)(scope, nothing, away)
        (line,) = lines(log, "request")
        assert (line["request_id"] == given.decode()) is expected
        assert expected or len(line["request_id"]) == 16


async def test_a_request_that_leads_nowhere_is_logged_without_where(anyone: Visitor) -> None:
    with logging_everything("json") as log:
        await anyone.get("http://house/v1/secret-7741?phone=13900000007")
    (line,) = lines(log, "request")
    assert (line["route"], line["status"]) == (UNMATCHED, 404)
    assert "7741" not in log.getvalue() and "1390000" not in log.getvalue()


async def test_without_lines_nothing_is_written(seen: Settings) -> None:
    """Negative control, and what TONGXING_ACCESS_LOG is for."""
    for access_log, form, written in (
        ("off", "json", 0), ("auto", "console", 0), ("auto", "json", 1), ("on", "console", 1),
    ):  # fmt: skip
        settings: Settings = msgspec.structs.replace(seen, access_log=access_log, log_format=form)
        with logging_everything(form) as log:
            await measure(answer, settings)(asked_for("/quiet"), nothing, away)
        assert log.getvalue().count("/quiet") == written
