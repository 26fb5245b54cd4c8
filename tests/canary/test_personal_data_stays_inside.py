"""Names, numbers and texts of a whole story are looked for wherever they must not be."""

import asyncio
import logging
from collections.abc import Sequence
from uuid import UUID

import pytest

from backend import clock
from backend.bookings.queries import calendar
from backend.database import execute, fetch, transaction
from backend.embedded import Server
from backend.notices import notify
from backend.notices.operations import drafts
from backend.settings import Settings
from notifications.dispatcher import Office
from notifications.quiet import Window
from seed.cast import Cast
from tests.canary import story
from tests.canary.declared import DECLARED
from tests.canary.searching import where_it_stands
from tests.canary.story import Told, days_at_school, logging_everything
from tests.canary.words import CANARIES, found_in
from tests.drills import seen
from tests.house import SignIn, Visitor
from tests.notices import stories
from tests.observability.collector import Collector
from tests.observability.conftest import told as told_to_prometheus


@pytest.mark.parametrize("form", ["json", "console"])
async def test_nothing_personal_leaves_by_logs_pushes_problems_or_the_trail(
    as_: SignIn, anyone: Visitor, cast: Cast, settings: Settings, server: Server, form: str,
    every_statement_logged: None, collector: Collector,
) -> None:  # fmt: skip
    """Logs of requests and of statements, metrics and traces: everything is switched on."""
    database_log = server.home / "database.log"
    already, sent = database_log.stat().st_size, len(collector.bodies)
    with logging_everything(form) as log:
        told = Told(log)
        async with days_at_school(told, as_, anyone, cast, settings):
            written = log.getvalue()
    assert written.count("\n") >= 5
    assert found_in(written) == set()
    assert told.calendar and told.calendar not in written
    assert len(told.recorder.parcels) >= 3
    assert found_in(told.recorder.left_the_house()) == set()
    assert len(told.problems) >= 10
    assert [problem for problem in told.problems if found_in(problem)] == []
    assert written.count("/v1/notices/{notice_id}") > 5
    assert found_in(told_to_prometheus()) == set()
    assert 'route="/v1/notices/{notice_id}"' in told_to_prometheus()
    # Spans leave in batches, every few seconds.
    for _ in range(300):
        traced = b"".join(collector.bodies[sent:]).decode(errors="replace")
        if "/v1/notices/{notice_id}" in traced:
            break
        await asyncio.sleep(0.1)
    assert "/v1/notices/{notice_id}" in traced and found_in(traced) == set()
    statements = database_log.read_bytes()[already:].decode(errors="replace")
    assert statements.count("duration:") > 1_000 and found_in(statements) == set()
    assert await where_it_stands() == DECLARED
    seen(
        "canary", form=form, canaries=len(CANARIES), log_lines=written.count("\n"),
        pushes=len(told.recorder.parcels), refusals=len(told.problems),
        statements=statements.count("duration:"), traces=len(collector.bodies) - sent,
        columns=len(DECLARED), hits=0,
    )  # fmt: skip


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_misfit_does_not_repeat_what_was_sent(
    as_: SignIn, cast: Cast, language: str
) -> None:
    """A refusal ends up in the phone's own log, and in what its owner sends to support."""
    teacher = await as_("林晓岚")
    body = stories.draft(cast)
    for misfit in (
        {"category": CANARIES["child"]},
        {"title": CANARIES["title"] * 20},
        {"title": [CANARIES["title"]]},
        {"pinned": CANARIES["child"]},
        {"expiresAt": CANARIES["phone"]},
        {"blocks": [{"type": CANARIES["text"], "text": "x"}]},
        {"audiences": [{"nodeId": CANARIES["child"], "who": "families"}]},
        {"audiences": [{"nodeId": body["audiences"][0]["nodeId"], "who": CANARIES["child"]}]},
    ):
        refused = await teacher.post(
            "/notices", json={**body, **misfit}, headers={"Accept-Language": language}
        )
        assert refused.status_code == 400, refused.text
        assert found_in(refused.text) == set(), misfit


async def test_a_crash_is_logged_without_the_values_it_held(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    teacher = await as_("林晓岚")

    async def break_down(_: object, content: object) -> None:
        raise RuntimeError("out of order")

    monkeypatch.setattr(drafts, "write", break_down)
    body = stories.draft(cast, title=CANARIES["title"])
    with logging_everything("json") as log, pytest.raises(AssertionError, match="answered 500"):
        await teacher.post("/notices", json=body)
    assert '"event": "accident"' in log.getvalue()
    assert "out of order" in log.getvalue()
    assert found_in(log.getvalue()) == set()


async def test_a_crash_is_logged_without_the_address_of_a_calendar(
    as_: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = await as_("李建国")
    address = (await phone.put("/me/calendar-feed")).json()["url"].removeprefix("/v1")

    async def break_down(_: object) -> None:
        raise RuntimeError("out of order")

    monkeypatch.setattr(calendar, "feed_by", break_down)
    with logging_everything("json") as log, pytest.raises(AssertionError, match="answered 500"):
        await phone.get(address)
    assert "/v1/calendars/{calendar_file}" in log.getvalue()
    assert address.rpartition("/")[2].removesuffix(".ics") not in log.getvalue()


@pytest.mark.parametrize("form", ["json", "console"])
async def test_a_worker_that_meets_a_constraint_does_not_log_the_row(db: None, form: str) -> None:
    """PostgreSQL's DETAIL quotes the values of the row it refuses."""

    async def clash(_: Sequence[str], __: UUID | None, ___: int) -> Sequence[UUID]:
        for _twice in range(2):
            await execute(
                "INSERT INTO persons (id, name, phone, created_at) "
                "VALUES (uuidv7(), $1, $2, now())",
                CANARIES["guardian"],
                f"+86{CANARIES['phone']}",
            )
        return []

    await execute(
        "INSERT INTO post_letter (id, occasion, once, category, priority, title_zh, title_en, "
        "link, not_before, audiences, state, created_at, attempts, accepted, refused, "
        "suppressed, deferred) VALUES (uuidv7(), 'x', 'x', 'x', 'normal', '', '', '', now(), "
        "'{a/families}', 'open', now(), 0, 0, 0, 0, 0)"
    )
    office = Office(channels={}, page_audience=clash, still_wanted=_nobody, quiet_hours=_never)
    with logging_everything(form) as log:
        assert await office.expand(clock.now()) == 1
    assert "audience_failed" in log.getvalue()
    assert found_in(log.getvalue()) == set()


async def _nobody(_: str, __: UUID | None, ___: Sequence[UUID]) -> set[UUID]:
    return set()


async def _never(_: Sequence[UUID]) -> dict[UUID, Sequence[Window]]:
    return {}


async def test_the_scan_sees_what_the_mapper_would_log_if_it_were_let(
    as_: SignIn, cast: Cast
) -> None:
    """Negative control: the mapper's own logger prints every value it binds."""
    teacher = await as_("林晓岚")
    with logging_everything("json") as log:
        logging.getLogger("tortoise").setLevel(logging.DEBUG)
        logging.getLogger("tortoise.db_client").setLevel(logging.DEBUG)
        await stories.written(teacher, stories.draft(cast, title=CANARIES["title"]))
    assert found_in(log.getvalue()) == {"title"}


async def test_the_scan_sees_a_push_that_carries_a_title(
    as_: SignIn, anyone: Visitor, cast: Cast, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: a title that speaks of the notice's content."""
    monkeypatch.setitem(notify._TITLES, notify.PUBLISHED, (CANARIES["title"], "x"))
    with logging_everything("json") as log:
        told = Told(log)
        async with days_at_school(told, as_, anyone, cast, settings):
            assert found_in(told.recorder.left_the_house()) == {"title"}
            # The demo's console is a log, too.
            assert found_in(log.getvalue()) == {"title"}


async def test_the_scan_sees_what_the_database_would_log_if_it_were_let(
    db: None, server: Server, every_statement_logged: None
) -> None:
    """Negative control: a server that writes down what is bound to a statement."""
    database_log = server.home / "database.log"
    already = database_log.stat().st_size
    async with transaction():
        await execute("SET LOCAL log_parameter_max_length = -1")
        await execute("SET LOCAL log_error_verbosity = 'default'")
        await fetch("SELECT $1::text", CANARIES["title"])
    assert found_in(database_log.read_bytes()[already:].decode(errors="replace")) == {"title"}


async def test_the_scan_sees_a_column_that_was_not_declared(as_: SignIn, cast: Cast) -> None:
    """Negative control: a reason copied to where nobody looks for one."""
    await execute("UPDATE schools SET name = $1 WHERE code = 'XA-HW'", story.CANARIES["reason"])
    assert await where_it_stands() == {"schools.name": {"reason"}}
