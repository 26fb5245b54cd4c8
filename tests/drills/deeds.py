"""Things people do that must happen once, however often they are asked for.

Each deed leaves rows that can be counted, so that a drill sees what was lost and what was
done twice. The ones to be prepared for (a draft to publish, a vote to open) are prepared
here, straight from the rooms' own operations or over HTTP.
"""

import random
import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

from backend import clock
from backend.ballots.models import Method, Mode, Unit
from backend.ballots.operations import voting
from backend.ballots.operations.voting import VoteContent
from backend.ballots.queries import electorates
from backend.committees.models import (
    AgendaItem,
    Body,
    BodyKind,
    ItemState,
    Level,
    Matter,
    RuleSetVersion,
)
from backend.database import fetch
from backend.schools.models import School, SchoolClass
from backend.settings import Settings
from tests.ballots.test_kills_while_casting import RULES
from tests.bookings.crowd import Guardian, Houses
from tests.bookings.verbs import a_slot
from tests.drills.asking import Deed, ask, send


class Stage:
    """A school in which deeds can be made up without end."""

    def __init__(self, houses: Houses, dice: random.Random, direct: int) -> None:
        self.houses, self.dice, self.direct = houses, dice, direct
        self.school = self.class_ = self.body = ""
        self.made: dict[str, int] = {}
        self.recipes: dict[str, Callable[[], Awaitable[Deed]]] = {
            "write a notice": self._notice,
            "publish it": self._publication,
            "confirm it": self._confirmation,
            "book a place": self._booking,
            "cast a ballot": self._ballot,
            "suggest": self._suggestion,
            "second a suggestion": self._co_sign,
            "begin an upload": self._upload,
            "make a group": self._group,
            "plan an activity": self._activity,
            "write a course": self._course,
            "consent": self._consent,
            "register a phone": self._phone,
        }

    async def set_up(self) -> None:
        """Found the committee that suggestions and votes belong to."""
        school = await School.get(id=self.houses.school)
        class_ = await SchoolClass.get(school_id=school.id)
        today = clock.local(clock.now()).date()
        body = await Body.create(
            kind=BodyKind.PARENT_COMMITTEE, level=Level.CLASS, district_id=school.district_id,
            school_id=school.id, grade_id=class_.grade_id, class_id=class_.id, name="家长委员会",
            state="active", term_from=today, term_until=today + timedelta(days=300),
            founded_by=self.houses.organiser.person, created_at=clock.now(),
            activated_at=clock.now(),
        )  # fmt: skip
        self.school, self.class_, self.body = str(school.id), str(class_.id), str(body.id)
        self.ballots: list[tuple[str, Guardian]] = []

    async def deed(self, verb: str) -> Deed:
        """Make up the next deed of a kind, prepared so that it can be done."""
        self.made[verb] = self.made.get(verb, 0) + 1
        if self.made[verb] % 3 == 0:
            # Limits per day are tried elsewhere; here they would end the drill.
            await fetch("DELETE FROM limits RETURNING 1")
        return await self.recipes[verb]()

    def _guardian(self) -> Guardian:
        return self.dice.choice(self.houses.guardians)

    def _keyed(
        self, verb: str, who: Guardian, path: str, body: dict[str, Any], name: str, effects: str
    ) -> Deed:
        """Return a deed that creates something under a name nobody else gives."""
        marker = f"{verb} {secrets.token_hex(6)}"
        return Deed(
            verb, who, "POST", path, {**body, name: marker}, effects, [marker],
            key=secrets.token_hex(8), other={**body, name: f"not {marker}"},
        )  # fmt: skip

    async def _notice(self, **more: Any) -> Deed:
        body = {
            "audiences": [{"nodeId": self.class_, "who": "families"}],
            "category": "class",
            "blocks": [{"type": "paragraph", "text": "请准时参加。"}],
            **more,
        }
        return self._keyed(
            "notice", self.houses.organiser, "/notices", body, "title", "notices WHERE title = $1"
        )

    async def _publication(self, **more: Any) -> Deed:
        desk = self.houses.organiser
        draft = await self._made(await self._notice(**more))
        shown = await self._get(desk, f"/notices/{draft}/audience")
        return Deed(
            "publish it", desk, "PUT", f"/notices/{draft}/publication",
            {"previewToken": shown["previewToken"]},
            "post_letter WHERE subject_id = $1::uuid AND occasion = 'notices.published'", [draft],
            same=("id", "state", "revision", "publishedAt"),
        )  # fmt: skip

    async def _confirmation(self) -> Deed:
        published = await self._publication(confirmMode="tap")
        notice = published.values[0]
        await self._made(published)
        who = self._guardian()
        return Deed(
            "confirm it", who, "PUT", f"/notices/{notice}/confirmation", {"revision": 1},
            "notice_receipts WHERE notice_id = $1::uuid AND person_id = $2",
            [notice, who.person], same=("id", "revision"),
        )  # fmt: skip

    async def _booking(self) -> Deed:
        # One after the other, for nobody can be in two places at once.
        begins = clock.now() + timedelta(days=10, hours=3 * (self.made["book a place"] % 2_800))
        slot = await a_slot(self.houses.school, begins, capacity=3)
        who = self._guardian()
        return Deed(
            "book a place", who, "PUT", f"/slots/{slot}/booking", {"party": 1},
            "booking_moves m JOIN bookings b ON b.id = m.booking_id "
            "WHERE b.slot_id = $1 AND b.person_id = $2",
            [slot, who.person], same=("id", "state"),
        )  # fmt: skip

    async def _ballot(self) -> Deed:
        if not self.ballots:
            vote = await self._vote()
            # One of each household: two who share a child share a ballot.
            self.ballots = [(vote, one) for one in self.houses.guardians[::2]]
        vote, who = self.ballots.pop()
        attempt = str(uuid4())
        return Deed(
            "cast a ballot", who, "PUT", f"/votes/{vote}/ballot",
            {"choice": ["for"], "attempt": attempt},
            "open_ballots WHERE vote_id = $1::uuid AND person_id = $2", [vote, who.person],
        )  # fmt: skip

    async def _vote(self) -> str:
        now, by = clock.now(), self.houses.organiser.person
        body = await Body.get(id=self.body)
        version = await RuleSetVersion.get(body_id=None, kind="ordinary")
        matter = await Matter.filter(rule_kind="ordinary").first()
        assert matter is not None
        item = await AgendaItem.create(
            body_id=body.id, matter_id=matter.id, rule_set_id=version.id, title="秋游",
            in_writing=True, proposer_id=by, state=ItemState.SCHEDULED, created_at=now,
            scheduled_at=now,
        )  # fmt: skip
        vote = await voting.draft(
            VoteContent(
                district_id=body.district_id, school_id=body.school_id, subject_id=item.id,
                title="秋游", method=Method.MOTION, mode=Mode.OPEN, unit=Unit.HOUSEHOLD,
                rules=RULES, rule_set_id=version.id, closes_at=now + timedelta(hours=9),
            ),
            by=by,
        )  # fmt: skip
        assert body.class_id is not None
        units = await electorates.of_node(body.class_id, Level.CLASS, Unit.HOUSEHOLD)
        folder = self.houses.town.folder / "data"
        settings = Settings(environment="test", database_url=self.houses.dsn, data_dir=folder)
        await voting.open_vote(vote.id, units, by=by, settings=settings)
        await AgendaItem.filter(id=item.id).update(state=ItemState.VOTING, vote_id=vote.id)
        return str(vote.id)

    async def _suggestion(self) -> Deed:
        return self._keyed(
            "suggest", self._guardian(), f"/bodies/{self.body}/suggestions",
            {"text": "下雨天没有地方等。"}, "title", "suggestions WHERE title = $1",
        )  # fmt: skip

    async def _co_sign(self) -> Deed:
        put = await self._suggestion()
        about = await self._made(put)
        who = next(one for one in self.houses.guardians if one.person != put.who.person)
        return Deed(
            "second a suggestion", who, "PUT", f"/suggestions/{about}/co-sign", None,
            "co_signs WHERE suggestion_id = $1::uuid AND person_id = $2", [about, who.person],
        )  # fmt: skip

    async def _upload(self) -> Deed:
        body = {"byteSize": 1_000, "schoolId": self.school}
        return self._keyed(
            "upload", self.houses.organiser, "/uploads", body, "filename",
            "uploads WHERE filename = $1",
        )  # fmt: skip

    async def _group(self) -> Deed:
        if self.made["make a group"] % 100 == 0:
            # A school has two hundred at most, and those of earlier rounds are accounted for.
            await fetch("DELETE FROM group_members RETURNING 1")
            await fetch("DELETE FROM groups RETURNING 1")
        child = str(self._guardian().child)
        return self._keyed(
            "group", self.houses.organiser, f"/schools/{self.school}/groups",
            {"studentIds": [child], "personIds": []}, "name", "groups WHERE name = $1",
        )  # fmt: skip

    async def _activity(self) -> Deed:
        begins = clock.now() + timedelta(days=20)
        session = {
            "startsAt": begins.isoformat(), "capacity": 5,
            "endsAt": (begins + timedelta(hours=1)).isoformat(), "room": "礼堂", "title": "第1场",
        }  # fmt: skip
        body = {"kind": "parents_meeting", "nodeIds": [self.class_], "sessions": [session]}
        return self._keyed(
            "activity", self.houses.organiser, f"/schools/{self.school}/activities", body,
            "title", "activities WHERE title = $1",
        )  # fmt: skip

    async def _course(self) -> Deed:
        return self._keyed(
            "course", self.houses.organiser, f"/schools/{self.school}/courses",
            {"topic": "parenting"}, "title", "courses WHERE title = $1",
        )  # fmt: skip

    async def _consent(self) -> Deed:
        who = self._guardian()
        return Deed(
            "consent", who, "PUT", f"/me/children/{who.child}/consent", {"version": 1},
            "consents WHERE person_id = $1 AND student_id = $2", [who.person, who.child],
        )  # fmt: skip

    async def _phone(self) -> Deed:
        token = f"console-{secrets.token_hex(12)}"
        return Deed(
            "register a phone", self._guardian(), "PUT", "/me/push-device",
            {"token": token, "provider": "console", "platform": "android"},
            "post_device WHERE token = $1", [token],
        )  # fmt: skip

    async def _made(self, deed: Deed) -> str:
        """Do a deed undisturbed and return the id of what it made."""
        reply = await send(self.direct, deed)
        assert reply.status in (200, 201), (deed.verb, reply.status, reply.body)
        return str(reply.json["id"])

    async def _get(self, who: Guardian, path: str) -> Any:
        reply = await ask(self.direct, who, "GET", path)
        assert reply.status == 200, reply.body
        return reply.json
