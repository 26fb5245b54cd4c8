"""Colleagues find each other by name; families and other schools do not see the list."""

from seed.cast import Cast
from tests.house import SignIn


async def test_colleagues_know_each_other_by_name_and_post(as_: SignIn, cast: Cast) -> None:
    url = f"/schools/{cast.schools['海湾'].id}/staff"
    items = (await (await as_("林晓岚")).get(url)).json()["items"]
    found = {item["name"]: item for item in items}
    assert set(found) == {"林晓岚", "陈启明", "黄若溪", "吴思远", "郑佩文", "许建安", "周慕云"}
    assert found["林晓岚"]["personId"] == str(cast.id("林晓岚"))
    assert found["林晓岚"]["posts"] == [
        {"role": "class_teacher", "subject": "", "place": "三年级1班"}
    ]
    assert found["许建安"]["posts"][0]["place"] == ""
    assert "1990000" not in str(items), "no telephone numbers"


async def test_nobody_else_sees_the_list(as_: SignIn, cast: Cast) -> None:
    url = f"/schools/{cast.schools['海湾'].id}/staff"
    for name, status in (("王立强", 404), ("何清越", 404), ("沈知微", 403), ("曹望舒", 404)):
        assert (await (await as_(name)).get(url)).status_code == status, name
