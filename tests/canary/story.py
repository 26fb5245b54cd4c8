"""A few days at school, told with words that must not get out."""

import io
import logging
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import structlog

from backend import clock, logs
from backend.notices import jobs as notices
from backend.people import jobs as people
from backend.people.models import Person, Student
from backend.people.tokens import keys_for
from backend.roster import audiences
from backend.roster import jobs as roster
from backend.roster.spreadsheet.columns import Kind
from backend.roster.spreadsheet.template import template
from backend.schools import quiet
from backend.settings import Settings
from notifications.channels.base import Parcel, Result
from notifications.channels.console import ConsoleChannel
from notifications.channels.fcm import FcmChannel
from notifications.dispatcher import Office
from notifications.message import Outcome
from seed.cast import Cast
from tests.canary import council, duty, essay, visits
from tests.canary.words import CANARIES
from tests.house import SignIn, Visitor
from tests.notices import stories
from tests.people.household import Postbag


class Recorder(ConsoleChannel):
    """A provider that keeps every parcel; the demo's console logs it as well."""

    def __init__(self) -> None:
        self.parcels: list[Parcel] = []

    async def send(self, batch: Sequence[Parcel]) -> list[Result]:
        self.parcels += batch
        await super().send(batch)
        return [Result(outcome=Outcome.ACCEPTED) for _ in batch]

    def left_the_house(self) -> str:
        """Return everything a provider would have got to read."""
        fcm: Any = FcmChannel({"project_id": "none"})
        return "\n".join(repr((parcel, self.render(parcel), fcm.render(parcel)))
                         for parcel in self.parcels)  # fmt: skip


@dataclass
class Told:
    """What could be read from outside while the story ran."""

    log: io.StringIO
    recorder: Recorder = field(default_factory=Recorder)
    postbag: Postbag = field(default_factory=Postbag)
    problems: list[str] = field(default_factory=list)
    calendar: str = ""
    """The secret part of somebody's calendar address."""

    def listen(self, phone: Visitor) -> None:
        """Keep every refusal this phone gets."""

        async def keep(response: httpx.Response) -> None:
            if response.status_code >= 400:
                await response.aread()
                self.problems.append(f"{response.headers!r} {response.text}")

        phone.event_hooks["response"].append(keep)


@contextmanager
def logging_everything(form: Any) -> Iterator[io.StringIO]:
    """Log as a process of ours does, but with the root turned up to DEBUG."""
    output = io.StringIO()
    handlers, level = logging.root.handlers[:], logging.root.level
    levels = {name: logging.getLogger(name).level for name in list(logging.root.manager.loggerDict)}
    try:
        logs.configure(form, process="api", output=output)
        logging.root.setLevel(logging.DEBUG)
        yield output
    finally:
        logging.root.handlers, logging.root.level = handlers, level
        for name in list(logging.root.manager.loggerDict):
            logging.getLogger(name).setLevel(levels.get(name, logging.NOTSET))
        structlog.reset_defaults()


@asynccontextmanager
async def days_at_school(
    told: Told, as_: SignIn, anyone: Visitor, cast: Cast, settings: Settings
) -> AsyncIterator[None]:
    """Coming in, a notice's whole life, joining, a roster; each with its refusals."""
    guardian, child = cast.id("李建国"), cast.children["李沐阳"].id
    phone = f"+86{CANARIES['phone']}"
    await Person.filter(id=guardian).update(name=CANARIES["guardian"], phone=phone)
    await Student.filter(id=child).update(name=CANARIES["child"])
    teacher, admin = await as_("林晓岚"), await as_("许建安")
    for visitor in (anyone, teacher, admin):
        told.listen(visitor)
    await _come_in(told, anyone, settings)
    notice = await _live_of_a_notice(anyone, teacher, cast)
    await carry(told)
    await _change_it(told, anyone, teacher, notice)
    await carry(told)
    await _join(told, anyone, teacher, cast)
    await _import(admin, cast)
    told.calendar = await visits.visit(as_, anyone, admin, cast, settings)
    await duty.a_duty(anyone, admin, cast)
    await essay.an_essay(anyone, admin, cast)
    await council.a_council(as_, anyone, admin, cast)
    await carry(told)
    yield


async def carry(told: Told) -> None:
    """Let the worker do what it has to do."""
    office = Office(
        channels={"console": told.recorder},
        page_audience=audiences.page,
        still_wanted=notices.still_wanted,
        quiet_hours=quiet.hours_of,
    )
    while await office.expand(clock.now()) + await office.dispatch(clock.now()):
        pass
    await roster.read_waiting()


async def _come_in(told: Told, guest: Visitor, settings: Settings) -> None:
    """By code, after a wrong code; then a password is set, and a wrong one tried."""
    device = {"deviceId": "canary-device", "deviceName": "手机", "platform": "android"}
    asked = {"phone": CANARIES["phone"], "deviceId": device["deviceId"]}
    request = (await guest.post("/auth/codes", json=asked)).json()["requestId"]
    await guest.post("/auth/codes", json=asked)
    await people.send_sms(told.postbag, keys_for(settings.secret_key), clock.now())
    code = told.postbag.code_for(CANARIES["phone"])
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    body = {"requestId": request, **device}
    await guest.post("/auth/sessions", json={**body, "code": wrong})
    tokens = (await guest.post("/auth/sessions", json={**body, "code": code})).json()
    guest.headers["Authorization"] = f"Bearer {tokens['accessToken']}"
    await guest.put("/me/password", json={"password": CANARIES["guardian"] + "密码"})
    set_ = await guest.put("/me/password", json={"password": CANARIES["password"]})
    assert set_.status_code == 204, set_.text
    await guest.put("/me/password", json={"password": "x" * 12, "current": CANARIES["password"]})
    sign_in = {"phone": CANARIES["phone"], **device}
    await guest.post("/auth/password-sessions", json={**sign_in, "password": "falsch-falsch"})
    await guest.post(
        "/auth/password-sessions", json={**sign_in, "phone": "金丝雀正文", "password": "x"}
    )
    push = {"token": "canary-push-token", "provider": "console", "platform": "android"}
    assert (await guest.put("/me/push-device", json=push)).status_code == 200


async def _live_of_a_notice(guest: Visitor, teacher: Visitor, cast: Cast) -> str:
    """Written with a file, after misfits; published, refused to strangers, confirmed."""
    school = str(cast.schools["海湾"].id)
    file = {"file": (f"{CANARIES['filename']}.pdf", b"%PDF-1.7\n%%EOF\n", "application/pdf")}
    kept = await teacher.post("/attachments", files=file, data={"schoolId": school})
    assert kept.status_code == 201, kept.text
    text = {"type": "paragraph", "text": CANARIES["text"]}
    body = stories.draft(cast, title=CANARIES["title"], confirmMode="tap", blocks=[text])
    body["blocks"].append({"type": "file", "attachmentId": kept.json()["id"]})
    for misfit in (
        {"title": CANARIES["title"] * 20},
        {"blocks": [{**text, "text": CANARIES["text"] * 700}]},
        {"audiences": [{"nodeId": school, "who": "families"}]},
    ):
        refused = await teacher.post("/notices", json={**body, **misfit})
        assert refused.status_code in (400, 403), refused.text
    notice = await stories.published(teacher, body)
    assert (
        await teacher.put(f"/notices/{notice}/confirmation", json={"revision": 1})
    ).status_code == 403
    seen = await guest.get(f"/notices/{notice}", headers={"Accept-Language": "en"})
    assert CANARIES["text"] in seen.text
    return notice


async def _change_it(told: Told, guest: Visitor, teacher: Visitor, notice: str) -> None:
    await guest.put(f"/notices/{notice}/confirmation", json={"revision": 1})
    assert (await teacher.put(f"/notices/{notice}/nudge")).status_code == 200
    assert (await teacher.put(f"/notices/{notice}/nudge")).status_code == 429
    called = await teacher.get(f"/notices/{notice}/call-list")
    assert called.status_code == 200, called.text
    correction = {
        "revision": 1, "title": CANARIES["title"], "material": True,
        "blocks": [{"type": "paragraph", "text": CANARIES["text"]}],
        "explanation": CANARIES["reason"],
    }  # fmt: skip
    for status in (200, 200):
        answer = await teacher.put(f"/notices/{notice}/correction", json=correction)
        assert answer.status_code == status, answer.text
    await carry(told)
    gone = await teacher.put(f"/notices/{notice}/withdrawal", json={"reason": CANARIES["reason"]})
    assert gone.status_code == 200, gone.text


async def _join(told: Told, guest: Visitor, teacher: Visitor, cast: Cast) -> None:
    """A claim with a wrong code, one that is refused and one that is approved."""
    class_id = cast.classes["海湾/三年级/1班"].id
    code = (await teacher.post(f"/classes/{class_id}/invites")).json()["code"]
    claim: Mapping[str, str] = {"childName": CANARIES["claimed"], "relation": "other"}
    await guest.post("/claims", json={**claim, "code": "AAAA-BBBB-CCCC-DDDD"})
    made = await guest.post("/claims", json={**claim, "code": code})
    assert made.status_code == 201, made.text
    url = f"/claims/{made.json()['id']}"
    await teacher.put(f"{url}/approval", json={"studentId": str(cast.children["赵可心"].id)})
    refusal = await teacher.put(f"{url}/refusal", json={"reason": CANARIES["reason"]})
    assert refusal.status_code == 200, refusal.text


async def _import(admin: Visitor, cast: Cast) -> None:
    """A workbook with faults, its corrections, and a good one that is applied."""
    url = f"/schools/{cast.schools['海湾'].id}/roster-imports"
    pupil = ["20260909", CANARIES["pupil"], "三年级", "1班"]
    guardian = ["20260909", CANARIES["pupil"], CANARIES["guardian"], "父亲"]
    classes = [["三年级", "1班", "", ""]]
    for phone, state in (
        (CANARIES["roster_phone"] + "7", "faulty"),
        (CANARIES["roster_phone"], "ready"),
    ):
        content = template(
            {
                Kind.CLASSES: classes,
                Kind.PUPILS: [pupil],
                Kind.GUARDIANS: [[*guardian, phone]],
            }
        )
        name = f"{CANARIES['filename']}.xlsx"
        sent = await admin.post(url, files={"file": (name, content, "application/octet-stream")})
        assert sent.status_code == 202, sent.text
        await roster.read_waiting()
        one = f"/roster-imports/{sent.json()['id']}"
        assert (await admin.get(one)).json()["state"] == state
        await admin.get(f"{one}/errors.xlsx")
        await admin.put(f"{one}/application")
