"""What a log says was found, kept as hazards: new, reworded, withdrawn."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from backend.identifiers import uuid7
from backend.media.models import Attachment
from backend.media.operations import attach, release
from backend.volunteering.models import DutyLog, Hazard, HazardMove, HazardState
from backend.volunteering.notify import hazards as notify
from backend.volunteering.queries import hazards as queries
from backend.volunteering.queries.logs import DutyShift
from backend.volunteering.rules import logs as rules


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """One finding of a log as it stands: its hazard and the ids of its photos."""

    hazard: Hazard
    photo_ids: frozenset[UUID]

    def says(self, finding: rules.Finding) -> bool:
        """Say whether the finding is already kept in exactly these words."""
        hazard = self.hazard
        return (
            hazard.withdrawn_at is None
            and (hazard.text, hazard.severity, hazard.place)
            == (finding.text, finding.severity, finding.place)
            and self.photo_ids == set(finding.photo_ids)
        )


async def of_log(log_id: UUID) -> dict[UUID, Known]:
    """Return a log's findings by the key their reporter gave them."""
    hazards = await Hazard.filter(log_id=log_id).order_by("id").select_for_update()
    photos: dict[UUID, set[UUID]] = {}
    for photo in await Attachment.filter(owner_id__in=[hazard.id for hazard in hazards]):
        if photo.owner_id is not None:
            photos.setdefault(photo.owner_id, set()).add(photo.id)
    return {
        hazard.finding_key: Known(hazard=hazard, photo_ids=frozenset(photos.get(hazard.id, ())))
        for hazard in hazards
    }


def same(known: Mapping[UUID, Known], said: Collection[rules.Finding]) -> bool:
    """Say whether the findings are all kept as they are said, and no others."""
    standing = {key for key, one in known.items() if one.hazard.withdrawn_at is None}
    return standing == {finding.key for finding in said} and all(
        known[finding.key].says(finding) for finding in said
    )


async def settle(
    shift: DutyShift,
    log: DutyLog,
    known: Mapping[UUID, Known],
    said: Sequence[rules.Finding],
    now: datetime,
) -> None:
    """Open a hazard for each new finding; reword or withdraw those nobody has taken up.

    Raises :class:`rules.FindingInHand` and ``AttachmentMissing``.
    """
    for finding in said:
        one = known.get(finding.key)
        if one is None:
            await _open(shift, log, finding, now)
        elif not one.says(finding):
            await _reword(one, log.person_id, finding, now)
    kept = {finding.key for finding in said}
    for key, one in known.items():
        if key not in kept and one.hazard.withdrawn_at is None:
            await _withdraw(one.hazard, log.person_id, now)


async def _open(shift: DutyShift, log: DutyLog, finding: rules.Finding, now: datetime) -> None:
    hazard = await Hazard.create(
        id=uuid7(),
        school_id=shift.school_id,
        log_id=log.id,
        finding_key=finding.key,
        reporter_id=log.person_id,
        duty=shift.duty,
        place=finding.place,
        text=finding.text,
        severity=finding.severity,
        reported_at=now,
        updated_at=now,
    )
    await attach(finding.photo_ids, hazard.id, log.person_id)
    await _note(hazard, "none", log.person_id, now)
    await notify.reported(hazard, {shift.organiser_id, *await queries.who_runs(shift.school_id)})


async def _reword(one: Known, by: UUID, finding: rules.Finding, now: datetime) -> None:
    hazard = one.hazard
    if hazard.state != HazardState.REPORTED:
        raise rules.FindingInHand
    hazard.text, hazard.severity, hazard.place = finding.text, finding.severity, finding.place
    hazard.updated_at = now
    await hazard.save()
    await release(hazard.id, keep=finding.photo_ids)
    await attach(finding.photo_ids, hazard.id, by)
    await _note(hazard, HazardState.REPORTED, by, now)


async def _withdraw(hazard: Hazard, by: UUID, now: datetime) -> None:
    if hazard.state != HazardState.REPORTED:
        raise rules.FindingInHand
    hazard.state, hazard.withdrawn_at, hazard.updated_at = HazardState.REJECTED, now, now
    await hazard.save()
    await _note(hazard, HazardState.REPORTED, by, now, withdrawn=True)


async def _note(hazard: Hazard, was: str, by: UUID, now: datetime, **facts: object) -> None:
    await HazardMove.create(
        id=uuid7(), hazard_id=hazard.id, was=was, became=hazard.state, by=by, facts=facts, at=now
    )
