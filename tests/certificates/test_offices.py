"""Who has issued it: listing, by school and by district, and taking back."""

import pytest

from backend import clock
from seed.cast import Cast
from tests.certificates import papers
from tests.house import SignIn, Visitor


async def test_a_holder_sees_all_kinds_or_one(as_: SignIn, cast: Cast) -> None:
    service, course = await papers.service(cast), await papers.course(cast)
    await papers.course(cast, "刘敏")
    father = await as_("王立强")
    for kind, ids in ((None, [course.id, service.id]), ("course", [course.id]),
                      ("service", [service.id])):  # fmt: skip
        params = {"kind": kind} if kind else {}
        items = (await father.get("/me/certificates", params=params)).json()["items"]
        assert [one["id"] for one in items] == [str(one) for one in ids]
    assert (await father.get("/me/certificates", params={"kind": "diploma"})).status_code == 400


async def test_a_school_lists_what_it_certified(as_: SignIn, cast: Cast) -> None:
    first, second = await papers.service(cast), await papers.service(cast, "刘敏")
    await papers.service(cast, "孙海燕", "莲塘")
    await papers.course(cast)
    url = f"/schools/{cast.schools['海湾'].id}/certificates"
    admin = await as_("许建安")
    one = (await admin.get(url, params={"limit": 1})).json()
    two = (await admin.get(url, params={"limit": 1, "cursor": one["nextCursor"]})).json()
    assert [page["items"][0]["id"] for page in (one, two)] == [str(second.id), str(first.id)]
    assert two["nextCursor"] is None
    # A page of one kind is no page of another list.
    other = await admin.get(url, params={"cursor": one["nextCursor"], "kind": "service"})
    assert (other.status_code, other.json()["code"]) == (400, "bad_cursor")
    assert (await admin.get(url, params={"kind": "course"})).json()["items"] == []
    kept_out = {"周慕云": 403, "林晓岚": 403, "沈知微": 403, "王立强": 404, "何清越": 404}
    for name, status in kept_out.items():
        assert (await (await as_(name)).get(url)).status_code == status, name


async def test_a_district_lists_what_it_certified_itself(as_: SignIn, cast: Cast) -> None:
    course = await papers.course(cast)
    await papers.service(cast)
    url = f"/districts/{cast.district.id}/certificates"
    officer = await as_("沈知微")
    for params in ({}, {"kind": "course"}):
        listed = (await officer.get(url, params=params)).json()
        assert [one["id"] for one in listed["items"]] == [str(course.id)]
        assert listed["items"][0]["lines"] == [{"label": "课程", "value": papers.COURSE}]
    assert (await officer.get(url, params={"kind": "service"})).json()["items"] == []
    kept_out = {"许建安": 403, "林晓岚": 403, "何清越": 403, "王立强": 404, "曹望舒": 404}
    for name, status in kept_out.items():
        assert (await (await as_(name)).get(url)).status_code == status, name


@pytest.mark.parametrize(
    ("kind", "issuer", "kept_out"),
    [
        ("service", "许建安", {"王立强": 403, "李建国": 404, "林晓岚": 404, "何清越": 404,
                               "沈知微": 404}),
        ("course", "沈知微", {"王立强": 403, "李建国": 404, "许建安": 404, "何清越": 404,
                              "曹望舒": 404}),
    ],
)  # fmt: skip
async def test_a_revoked_certificate_says_so_everywhere(
    as_: SignIn, cast: Cast, anyone: Visitor, kind: str, issuer: str, kept_out: dict[str, int]
) -> None:
    made = await (papers.service(cast) if kind == "service" else papers.course(cast))
    office, father = await as_(issuer), await as_("王立强")
    picture = await father.get(f"/me/certificates/{made.id}/image")
    url = f"/certificates/{made.id}/revocation"
    for name, status in kept_out.items():
        denied = await (await as_(name)).put(url, json={"reason": "不再有效"})
        assert denied.status_code == status, name
    first, again = [
        await office.put(url, json={"reason": reason}) for reason in ("核对有误", "再撤一次")
    ]
    assert first.status_code == 200, first.text
    assert first.json() == again.json()
    assert first.json()["revokedReason"] == "核对有误"
    shown = await papers.page(anyone, made.code)
    assert (shown.status_code, "该证书已撤销" in shown.text) == (200, True)
    assert "核对有误" not in shown.text
    checked = (await anyone.get(f"/certificates/{made.code}")).json()
    today = clock.local(clock.now()).date().isoformat()
    assert (checked["valid"], checked["revokedOn"]) == (False, today)
    for headers in ({}, {"If-None-Match": picture.headers["etag"]}):
        drawn = await father.get(f"/me/certificates/{made.id}/image", headers=headers)
        assert (drawn.status_code, drawn.json()["code"]) == (409, "certificate_revoked")
    [mine] = (await father.get("/me/certificates")).json()["items"]
    assert mine["revokedReason"] == "核对有误"
