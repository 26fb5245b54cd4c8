"""Codes, claims, and the class teacher's word on them."""

import re
from uuid import UUID, uuid4

from backend import clock
from backend.database import execute, fetch
from backend.people.models import Guardianship
from backend.people.operations import ties
from backend.roster import rules
from backend.roster.models import ClassInvite, JoinClaim
from seed.cast import Cast
from tests.house import SignIn, Visitor

TEACHER, OTHER_TEACHER = "林晓岚", "陈启明"
CLASS = "海湾/三年级/1班"


async def code_for(teacher: Visitor, class_id: UUID) -> dict[str, str]:
    answer = await teacher.post(f"/classes/{class_id}/invites")
    assert answer.status_code == 201, answer.text
    made: dict[str, str] = answer.json()
    return made


async def claim(
    person: Visitor, code: str, child: str = "李沐阳", relation: str = "grandparent", **headers: str
):  # type: ignore[no-untyped-def]
    body = {"code": code, "childName": child, "relation": relation}
    return await person.post("/claims", json=body, headers=headers)


async def test_a_code_leads_to_a_claim_and_approval_to_a_guardianship(
    as_: SignIn, cast: Cast
) -> None:
    teacher, grandfather = await as_(TEACHER), await as_("赵德胜")
    of_class, child = cast.classes[CLASS], cast.children["李沐阳"]
    invite = await code_for(teacher, of_class.id)
    made = await claim(grandfather, invite["code"])
    assert made.status_code == 201
    assert (made.json()["state"], made.json()["className"]) == ("pending", "1班")
    assert await Guardianship.filter(student_id=child.id).count() == 2, "a claim gives nothing yet"
    waiting = (await teacher.get(f"/classes/{of_class.id}/claims?state=pending")).json()["items"]
    assert [(w["claimantName"], w["claimantPhone"], w["matches"]) for w in waiting] == [
        ("赵德胜", "199****0105", [str(child.id)])
    ]
    answer = await teacher.put(
        f"/claims/{waiting[0]['id']}/approval", json={"studentId": str(child.id)}
    )
    assert answer.json()["state"] == "approved"
    tie = await Guardianship.get(student_id=child.id, person_id=cast.id("赵德胜"))
    assert (tie.relation, tie.source) == ("grandparent", "claim")
    told = await fetch(
        "SELECT i.person_id, l.occasion FROM post_inbox_item i "
        "JOIN post_letter l ON l.id = i.letter_id WHERE l.occasion LIKE 'roster.%'"
    )
    assert {(row["person_id"], row["occasion"]) for row in told} == {
        (cast.id("林晓岚"), "roster.claim_made"),
        (cast.id("李建国"), "roster.guardian_added"),
        (cast.id("周婷"), "roster.guardian_added"),
        (cast.id("赵德胜"), "roster.claim_decided"),
    }
    mine = (await grandfather.get("/claims")).json()["items"]
    assert [item["state"] for item in mine] == ["approved"]


async def test_a_code_is_long_shown_once_and_kept_only_as_a_digest(as_: SignIn, cast: Cast) -> None:
    teacher, class_id = await as_(TEACHER), cast.classes[CLASS].id
    key = {"Idempotency-Key": "one-code-please"}
    first = await teacher.post(f"/classes/{class_id}/invites", headers=key)
    again = await teacher.post(f"/classes/{class_id}/invites", headers=key)
    assert first.json() == again.json()
    code = first.json()["code"]
    assert re.fullmatch(r"([A-Z2-7]{4}-){3}[A-Z2-7]{4}", code), "sixteen letters of five bits"
    listed = (await teacher.get(f"/classes/{class_id}/invites")).json()
    assert len(listed["items"]) == 1 and code not in str(listed)
    kept = await fetch(
        "SELECT to_jsonb(i)::text || (SELECT string_agg(encode(body, 'escape'), '') "
        "FROM idempotency_keys) AS everything FROM class_invites i"
    )
    assert code not in kept[0]["everything"]
    assert code.replace("-", "") not in kept[0]["everything"]


async def test_wrong_expired_and_revoked_codes_answer_alike(as_: SignIn, cast: Cast) -> None:
    teacher, stranger = await as_(TEACHER), await as_("高远")
    class_id = cast.classes[CLASS].id
    expired, revoked = await code_for(teacher, class_id), await code_for(teacher, class_id)
    await ClassInvite.filter(id=expired["id"]).update(expires_at=clock.now())
    assert (await teacher.delete(f"/invites/{revoked['id']}")).status_code == 204
    answers = [
        await claim(stranger, code)
        for code in ("ABCD-EFGH-JKLM-NPQR", expired["code"], revoked["code"])
    ]
    bodies = []
    for answer in answers:
        body = answer.json()
        body.pop("requestId")
        bodies.append((answer.status_code, body))
    assert bodies[0] == bodies[1] == bodies[2]
    assert bodies[0][1]["code"] == "code_unknown"


async def test_ten_tries_a_day_and_no_more(as_: SignIn, cast: Cast) -> None:
    teacher, stranger = await as_(TEACHER), await as_("高远")
    invite = await code_for(teacher, cast.classes[CLASS].id)
    for _ in range(rules.TRIES.most):
        assert (await claim(stranger, "ABCD-EFGH-JKLM-NPQR")).status_code == 409
    late = await claim(stranger, invite["code"])
    assert late.status_code == 429
    assert int(late.headers["retry-after"]) > 3600
    assert (await claim(await as_("马静"), invite["code"])).status_code == 201


async def test_a_code_may_be_typed_in_any_way(as_: SignIn, cast: Cast) -> None:
    invite = await code_for(await as_(TEACHER), cast.classes[CLASS].id)
    typed = invite["code"].lower().replace("-", " ")
    assert (await claim(await as_("高远"), typed)).status_code == 201


async def test_asking_twice_is_one_claim(as_: SignIn, cast: Cast) -> None:
    teacher, person = await as_(TEACHER), await as_("高远")
    invite = await code_for(teacher, cast.classes[CLASS].id)
    first, second = await claim(person, invite["code"]), await claim(person, invite["code"])
    assert first.json()["id"] == second.json()["id"]
    assert await JoinClaim.all().count() == 1


async def test_a_refusal_gives_its_reason_and_no_guardianship(as_: SignIn, cast: Cast) -> None:
    teacher, person = await as_(TEACHER), await as_("高远")
    invite = await code_for(teacher, cast.classes[CLASS].id)
    made = (await claim(person, invite["code"])).json()
    refused = await teacher.put(f"/claims/{made['id']}/refusal", json={"reason": "请到校核实"})
    assert refused.json()["state"] == "refused"
    mine = (await person.get("/claims")).json()["items"][0]
    assert (mine["state"], mine["reason"]) == ("refused", "请到校核实")
    child = str(cast.children["李沐阳"].id)
    late = await teacher.put(f"/claims/{made['id']}/approval", json={"studentId": child})
    assert late.json()["code"] == "claim_decided"
    assert not await Guardianship.filter(student_id=child, person_id=cast.id("高远")).exists()


async def test_a_claim_is_approved_only_for_a_pupil_of_the_class(as_: SignIn, cast: Cast) -> None:
    teacher = await as_(TEACHER)
    invite = await code_for(teacher, cast.classes[CLASS].id)
    made = (await claim(await as_("高远"), invite["code"])).json()
    for child in (cast.children["赵可心"].id, cast.children["钱多多"].id, uuid4()):
        answer = await teacher.put(f"/claims/{made['id']}/approval", json={"studentId": str(child)})
        assert answer.json()["code"] == "not_in_class"


async def test_a_tie_that_was_ended_is_not_reopened_by_a_claim(as_: SignIn, cast: Cast) -> None:
    teacher, father, child = await as_(TEACHER), await as_("李建国"), cast.children["李沐阳"]
    await execute(
        "UPDATE guardianships SET restricted = true WHERE student_id = $1 AND person_id = $2",
        child.id,
        cast.id("李建国"),
    )
    invite = await code_for(teacher, cast.classes[CLASS].id)
    made = (await claim(father, invite["code"], relation="father")).json()
    answer = await teacher.put(f"/claims/{made['id']}/approval", json={"studentId": str(child.id)})
    assert answer.json()["code"] == "tie_barred"
    assert (await JoinClaim.get(id=made["id"])).state == "pending"


async def test_nobody_decides_their_own_claim(as_: SignIn, cast: Cast) -> None:
    teacher = await as_(TEACHER)
    invite = await code_for(teacher, cast.classes[CLASS].id)
    made = (await claim(teacher, invite["code"], "高星辰", "mother")).json()
    child = str(cast.children["高星辰"].id)
    own = await teacher.put(f"/claims/{made['id']}/approval", json={"studentId": child})
    assert own.json()["code"] == "own_claim"
    admin = await as_("许建安")
    approved = await admin.put(f"/claims/{made['id']}/approval", json={"studentId": child})
    assert approved.status_code == 200


async def test_only_those_who_lead_the_class_hand_out_codes_and_decide(
    as_: SignIn, cast: Cast
) -> None:
    class_id = cast.classes[CLASS].id
    invite = await code_for(await as_(TEACHER), class_id)
    made = (await claim(await as_("高远"), invite["code"])).json()
    expected = {"陈启明": 403, "吴思远": 403, "郑佩文": 403, "沈知微": 403, "何清越": 404,
                "王立强": 404, "曹望舒": 404}  # fmt: skip
    for name, status in expected.items():
        other = await as_(name)
        assert (await other.post(f"/classes/{class_id}/invites")).status_code == status, name
        assert (await other.get(f"/classes/{class_id}/claims")).status_code == status, name
        assert (await other.get(f"/classes/{class_id}/students")).status_code == status, name
        for call in (
            other.delete(f"/invites/{invite['id']}"),
            other.put(f"/claims/{made['id']}/refusal", json={"reason": "不是"}),
        ):
            assert (await call).status_code == 404, name
    assert (await JoinClaim.get(id=made["id"])).state == "pending"


async def test_a_class_has_at_most_five_codes_at_a_time(as_: SignIn, cast: Cast) -> None:
    teacher, class_id = await as_(TEACHER), cast.classes[CLASS].id
    made = [await code_for(teacher, class_id) for _ in range(rules.MOST_INVITES)]
    sixth = await teacher.post(f"/classes/{class_id}/invites")
    assert sixth.json()["code"] == "too_many_invites"
    await teacher.delete(f"/invites/{made[0]['id']}")
    assert (await teacher.post(f"/classes/{class_id}/invites")).status_code == 201


async def test_the_class_list_masks_phones_and_leaves_out_restricted_guardians(
    as_: SignIn, cast: Cast
) -> None:
    teacher, of_class = await as_(TEACHER), cast.classes[CLASS]
    await execute(
        "UPDATE guardianships SET restricted = true WHERE person_id = $1", cast.id("周婷")
    )
    await ties.admit(of_class.school_id, of_class.id, "20239999", "无家长")
    page = (await teacher.get(f"/classes/{of_class.id}/students?limit=3")).json()
    assert [item["name"] for item in page["items"]] == ["王子墨", "李沐阳", "高星辰"]
    by_name = {item["name"]: item["guardians"] for item in page["items"]}
    assert [g["name"] for g in by_name["李沐阳"]] == ["李建国"]
    assert by_name["李沐阳"][0]["phone"] == "199****0103"
    rest = await teacher.get(
        f"/classes/{of_class.id}/students", params={"cursor": page["nextCursor"], "limit": 3}
    )
    assert [(i["name"], i["guardians"]) for i in rest.json()["items"]] == [("无家长", [])]
