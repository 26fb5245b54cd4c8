"""What each operation is sent, so that nothing but its policy can refuse it.

A body speaks of the rows of one place; the same body, sent by somebody whose place that
is not, is the attack. ``variant`` is what follows the slash in ``expectations/``.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from tests.authz import (
    bodies_activities,
    bodies_certificates,
    bodies_column,
    bodies_committees,
    bodies_courses,
    bodies_duties,
    bodies_files,
    bodies_library,
    bodies_minutes,
    bodies_panels,
    bodies_places,
    bodies_votes,
)
from tests.authz.rows import SETTINGS, notice, workbook
from tests.authz.world import World

PASSWORD = "yeHe-77-mian-XuKang"

FIXED = (
    {"variant": "original", "name": "swagger-ui.css"}
    | bodies_duties.FIXED
    | bodies_files.FIXED
    | bodies_courses.FIXED
    | bodies_library.FIXED
)
"""Parameters that name no row."""

Body = Callable[[World, SimpleNamespace, str], dict[str, Any]]


def body_of(operation: str, world: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    """Return the keyword arguments of the HTTP call; empty where nothing is sent."""
    make = BODIES.get(operation)
    return make(world, place, variant) if make else {}


def row_of(parameter: str, place: SimpleNamespace, variant: str) -> str:
    """Return what a path parameter is filled with; the variant may name the row."""
    if parameter in FIXED:
        return FIXED[parameter]
    if (on_duty := bodies_duties.row_of(parameter, place, variant)) is not None:
        return on_duty
    for part in (
        bodies_votes,
        bodies_minutes,
        bodies_panels,
        bodies_places,
        bodies_activities,
        bodies_certificates,
        bodies_committees,
        bodies_column,
        bodies_courses,
        bodies_files,
        bodies_library,
    ):
        if (found := part.row_of(parameter, place, variant)) is not None:
            return found
    named = ("draft", "published", "pending", "left", "district", "school_wide")
    if parameter == "notice_id":
        return str(getattr(place, variant if variant in named else "published"))
    if parameter == "import_id" and variant:
        return str(getattr(place, f"{variant}_id"))
    return str(getattr(place, parameter))


def _json(**body: Any) -> dict[str, Any]:
    return {"json": body}


def _device(number: int) -> dict[str, Any]:
    return {"deviceId": f"device-{number:04}"}


def _write(world: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    node, who = {
        "school": ("school_id", "families"),
        "district": ("district_id", "staff"),
        "group": ("group_id", "members"),
    }.get(variant, ("class_id", "families"))
    if variant == "attachment":
        # To one's own class, with a file that somebody else has handed in.
        file = {"type": "file", "attachmentId": str(place.loose_id)}
        return {"json": _plain(world.places["own"], {"type": "paragraph", "text": "附件"}, file)}
    audience = {"nodeId": str(getattr(place, node)), "who": who}
    return {"json": _plain(place) | {"audiences": [audience]}}


def _plain(place: SimpleNamespace, *blocks: dict[str, str]) -> dict[str, Any]:
    """Return a notice without canaries: what an author sends is echoed to the author."""
    text = {"type": "paragraph", "text": "请准时参加。"}
    return notice(place, "") | {"title": "家长会", "blocks": blocks or [text]}


def _realm(place: SimpleNamespace) -> str:
    """Absent rows have no realm of their own: their texts are harmless ones of class A1X."""
    realm = place.realm
    return realm if isinstance(realm, str) else "A1X"


def _publish(world: World, place: SimpleNamespace, _: str) -> dict[str, Any]:
    # The author's own token, as a thief would have it.
    token = place.preview if isinstance(place.preview, str) else world.places["own"].preview
    return _json(previewToken=token)


def _correct(_: World, place: SimpleNamespace, __: str) -> dict[str, Any]:
    text = [{"type": "paragraph", "text": "更正后的文字"}]
    return _json(revision=1, title="更正", blocks=text, material=True, explanation="时间有误")


def _claim(_: World, place: SimpleNamespace, __: str) -> dict[str, Any]:
    code = place.code if isinstance(place.code, str) else "ABCD-EFGH-JKLM-NPQR"
    return _json(code=code, childName="王小明", relation="other")


def _group(_: World, place: SimpleNamespace, __: str) -> dict[str, Any]:
    return _json(name="合唱队", studentIds=[str(place.student_id)], personIds=[])


BODIES: dict[str, Body] = (
    {
        "requestSignInCode": lambda w, p, v: _json(phone="19900009999", **_device(1)),
        "signInWithCode": lambda w, p, v: _json(
            requestId=str(w.places["absent"].request_id),
            code="000000",
            deviceName="x",
            platform="ios",
            **_device(2),
        ),
        "signInWithPassword": lambda w, p, v: _json(
            phone="19900009999", password=PASSWORD, deviceName="x", platform="ios", **_device(3)
        ),
        "refreshSession": lambda w, p, v: _json(refreshToken="tx_r_" + "a" * 60, **_device(4)),
        "setMyPassword": lambda w, p, v: _json(password=PASSWORD),
        "giveConsent": lambda w, p, v: _json(version=1),
        "switchFeatures": lambda w, p, v: _json(functions={"courses": False}),
        "setSchoolSettings": lambda w, p, v: _json(**{**SETTINGS, "noticeApproval": "all"}),
        "setLeadSchool": lambda w, p, v: _json(schoolId=str(p.school_id)),
        "searchNotices": lambda w, p, v: {"params": {"q": "CANARY"}},
        "catchUp": lambda w, p, v: _json(
            read=[{"noticeId": str(p.published), "revision": 1}],
            confirmed=[{"noticeId": str(p.published), "revision": 1}],
        ),
        "confirmNotice": lambda w, p, v: _json(revision=1),
        "markNoticeRead": lambda w, p, v: _json(revision=1),
        "approveNotice": lambda w, p, v: _json(revision=1),
        "writeNotice": _write,
        "rewriteNotice": lambda w, p, v: {"json": _plain(p)},
        "publishNotice": _publish,
        "correctNotice": _correct,
        "withdrawNotice": lambda w, p, v: _json(reason="发错了"),
        "returnNotice": lambda w, p, v: _json(reason="请写明时间"),
        "decideDistrictNotice": lambda w, p, v: _json(approved=True),
        "markInboxRead": lambda w, p, v: _json(ids=[str(p.item_id)]),
        "registerPushDevice": lambda w, p, v: _json(
            token="console-token-1", provider="console", platform="android"
        ),
        "setPreferences": lambda w, p, v: _json(
            quietFrom="22:00",
            quietUntil="07:00",
            digestAt="18:00",
            mutedCategories=[],
            digestCategories=[],
        ),
        "uploadRoster": lambda w, p, v: workbook(_realm(p)),
        "createGroup": _group,
        "changeGroup": _group,
        "makeClaim": _claim,
        "approveClaim": lambda w, p, v: _json(studentId=str(p.student_id)),
        "refuseClaim": lambda w, p, v: _json(reason="不是本班学生家长"),
    }
    | bodies_duties.BODIES
    | bodies_places.BODIES
    | bodies_activities.BODIES
    | bodies_certificates.BODIES
    | bodies_courses.BODIES
    | bodies_library.BODIES
    | bodies_column.BODIES
    | bodies_committees.BODIES
    | bodies_files.BODIES
    | bodies_votes.BODIES
    | bodies_minutes.BODIES
    | bodies_panels.BODIES
)
