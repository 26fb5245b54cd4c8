"""One signed-in device: its tokens, refreshing, lost replies and theft."""

import asyncio
import re

from backend.database import execute, fetch_one
from backend.people import queries
from backend.people.models import AccessToken, Session
from tests.people.household import let_time_pass

FATHER = "13800138001"


async def test_tokens_are_opaque_and_stored_only_as_digests(cast, phone) -> None:
    device = phone("fathers-phone")
    await device.sign_in(FATHER)
    assert re.fullmatch(r"tx_a_[A-Za-z0-9_\-]{43}", device.tokens["accessToken"])
    assert device.tokens["refreshToken"].startswith(f"tx_r_{device.session_id.hex}.")
    row = await fetch_one("SELECT (SELECT digest FROM access_tokens) AS a, seed FROM sessions")
    assert row is not None
    assert device.tokens["accessToken"][5:] not in str(row)
    assert device.tokens["refreshToken"].rsplit(".", 1)[1] not in str(row)


async def test_an_access_token_lasts_a_quarter_of_an_hour(cast, phone) -> None:
    device = phone("fathers-phone")
    await device.sign_in(FATHER)
    await let_time_pass("14 minutes")
    assert (await device.ask("GET", "/me")).status_code == 200
    await let_time_pass("1 minute")
    ended = await device.ask("GET", "/me")
    assert (ended.status_code, ended.json()["code"]) == (401, "session_ended")
    assert ended.headers["www-authenticate"] == "Bearer"


async def test_no_token_and_a_bad_token_are_told_apart(cast, phone, http) -> None:
    nobody = await http.get("/v1/me")
    assert (nobody.status_code, nobody.json()["code"]) == (401, "sign_in_needed")
    for header in ("Bearer nonsense", "Basic YTpi", "Bearer tx_a_" + "A" * 43, "Bearer", "é"):
        bad = await http.get("/v1/me", headers={"authorization": header.encode("latin-1")})
        assert (bad.status_code, bad.json()["code"]) == (401, "session_ended"), header


async def test_a_stale_header_does_not_keep_a_phone_from_refreshing(cast, phone, http) -> None:
    device = phone("fathers-phone")
    await device.sign_in(FATHER)
    http.headers["authorization"] = "Bearer tx_a_" + "A" * 43
    assert (await device.refresh()).status_code == 200
    assert (await http.get("/v1/privacy-notice")).status_code == 200


async def test_refreshing_gives_a_new_pair_and_keeps_the_session(cast, phone) -> None:
    device = phone("fathers-phone")
    first = (await device.sign_in(FATHER)).json()
    second = (await device.refresh()).json()
    assert second["sessionId"] == first["sessionId"]
    assert second["sessionExpiresAt"] == first["sessionExpiresAt"]
    assert second["accessToken"] != first["accessToken"]
    assert second["refreshToken"] != first["refreshToken"]
    device.tokens = second
    assert (await device.ask("GET", "/me")).status_code == 200


async def test_a_phone_that_lost_the_reply_gets_the_same_tokens_again(cast, phone) -> None:
    device = phone("fathers-phone")
    await device.sign_in(FATHER)
    lost = (await device.refresh()).json()
    await execute("UPDATE sessions SET refreshed_at = refreshed_at - interval '55 seconds'")
    again = (await device.refresh()).json()
    tokens = ("accessToken", "refreshToken", "sessionId")
    assert [again[t] for t in tokens] == [lost[t] for t in tokens]
    device.tokens = again
    assert (await device.refresh()).status_code == 200
    assert (await Session.get()).revoked_at is None


async def _expect_family_dead(device, answer, reason: str = "reused") -> None:
    assert (answer.status_code, answer.json()["code"]) == (401, "session_ended")
    assert (await device.ask("GET", "/me")).status_code == 401
    assert (await device.refresh()).status_code == 401
    assert (await Session.get(id=device.session_id)).revoked_reason == reason


async def test_a_token_used_after_its_child_was_used_ends_the_family(cast, phone) -> None:
    device = phone("fathers-phone")
    await device.sign_in(FATHER)
    thiefs_copy = device.tokens["refreshToken"]
    for _ in range(2):
        device.keep(await device.refresh())
    await _expect_family_dead(device, await device.refresh(thiefs_copy))


async def test_a_token_used_again_a_minute_later_ends_the_family(cast, phone) -> None:
    device = phone("fathers-phone")
    old = (await device.sign_in(FATHER)).json()["refreshToken"]
    device.keep(await device.refresh())
    await execute("UPDATE sessions SET refreshed_at = refreshed_at - interval '61 seconds'")
    await _expect_family_dead(device, await device.refresh(old))


async def test_a_token_used_on_another_device_ends_the_family(cast, phone) -> None:
    device, thief = phone("fathers-phone"), phone("thiefs-phone")
    await device.sign_in(FATHER)
    await _expect_family_dead(device, await thief.refresh(device.tokens["refreshToken"]))


async def test_theft_is_told_once_and_written_down(cast, phone) -> None:
    device, other = phone("fathers-phone"), phone("fathers-tablet")
    await other.sign_in(FATHER)
    old = (await device.sign_in(FATHER)).json()["refreshToken"]
    for _ in range(2):
        device.keep(await device.refresh())
    await asyncio.gather(*(device.refresh(old) for _ in range(5)))
    items = (await other.ask("GET", "/inbox")).json()["items"]
    assert [(i["category"], i["title"]) for i in items] == [("security", "账号安全提醒")]
    letter = await fetch_one("SELECT occasion, priority FROM post_letter")
    assert letter == {"occasion": "security.session_reuse", "priority": "urgent"}
    entries = await fetch_one(
        "SELECT count(*) AS n FROM audit_entries WHERE action = 'people.session_reused'"
    )
    assert entries is not None and entries["n"] == 1
    assert (await other.ask("GET", "/me")).status_code == 200


async def test_a_forged_token_ends_nothing(cast, phone) -> None:
    device = phone("fathers-phone")
    await device.sign_in(FATHER)
    name, generation, proof = device.tokens["refreshToken"].split(".")
    forged = [
        f"{name}.{int(generation) + 1}.{proof}",
        f"{name}.{generation}.{'A' * 43}",
        f"tx_r_{'0' * 32}.0.{proof}",
        f"{name}.-1.{proof}",
        f"{name}.٠.{proof}",
        f"{name}..{proof}",
        "tx_r_" + "x" * 80,
        device.tokens["accessToken"],
    ]
    for token in forged:
        assert (await device.refresh(token)).status_code in (400, 401), token
    assert (await device.refresh()).status_code == 200


async def _refresh_fifty_times_at_once(device) -> set[str]:
    answers = await asyncio.gather(*(device.refresh() for _ in range(50)))
    won = [a.json() for a in answers if a.status_code == 200]
    device.tokens = won[0]
    return {a["refreshToken"] for a in won}


async def test_fifty_refreshes_at_once_leave_one_living_leaf(cast, phone) -> None:
    device = phone("fathers-phone")
    await device.sign_in(FATHER)
    pairs = await _refresh_fifty_times_at_once(device)
    assert len(pairs) == 1
    assert (await Session.get()).generation == 1
    assert await AccessToken.all().count() == 2
    assert (await device.refresh()).status_code == 200


async def test_without_comparing_generations_the_leaf_is_lost(cast, phone, monkeypatch) -> None:
    careless = queries.ROTATE.replace("AND generation = $2", "AND $2::int IS NOT NULL").replace(
        "FROM turned\n)", "FROM turned ON CONFLICT DO NOTHING\n)"
    )
    monkeypatch.setattr(queries, "ROTATE", careless)
    device = phone("fathers-phone")
    await device.sign_in(FATHER)
    await _refresh_fifty_times_at_once(device)
    monkeypatch.undo()
    assert (await Session.get()).generation == 50
    assert (await device.refresh()).status_code == 401
