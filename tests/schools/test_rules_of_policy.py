"""Policy numbers are data with a source, binding or advisory (Q1)."""

from backend.schools.models import DistrictRule, Period
from backend.schools.operations import rulebook
from seed.cast import Cast
from tests.house import SignIn


async def test_a_district_is_bound_by_its_own_pack_and_advised_by_the_others(
    as_: SignIn, cast: Cast
) -> None:
    officer = await as_("沈知微")
    answer = await officer.get(f"/districts/{cast.district.id}/rules")
    assert answer.status_code == 200, answer.text
    rules = answer.json()["items"]
    assert {rule["pack"] for rule in rules if rule["binding"]} == {"翔安区"}
    assert {rule["scope"] for rule in rules if not rule["binding"]} == {"school"}
    coverage = [(r["dueOn"], r["amount"]) for r in rules if r["code"] == "N10"]
    assert coverage == [("2025-12-31", 50), ("2026-12-31", 80), ("2027-12-31", 100)]
    [sessions] = [rule for rule in rules if rule["code"] == "N01"]
    assert (sessions["amount"], sessions["period"], sessions["binding"]) == (
        4,
        "calendar_year",
        False,
    )
    assert all(rule["source"] for rule in rules)


async def test_adopting_again_changes_only_what_differs(cast: Cast) -> None:
    before = await DistrictRule.filter(district_id=cast.district.id).count()
    taken = await rulebook.adopt(cast.district.id, "baoshan", binding=True, by=None, scope="school")
    assert taken == 6
    assert await DistrictRule.filter(district_id=cast.district.id).count() == before
    assert await DistrictRule.filter(rule__code="N01", binding=True).count() == 1
    corrected = [
        rulebook.RuleText(
            code="N01", subject="“家长课堂”和实践活动（合计）", scope="school", amount=6,
            unit="次", period=Period.CALENDAR_YEAR,
        )
    ]  # fmt: skip
    await rulebook.publish_pack("baoshan", "宝山区", "修订", corrected)
    [rule] = await DistrictRule.filter(rule__code="N01").select_related("rule")
    assert rule.rule.amount == 6


async def test_another_districts_rules_are_not_seen(as_: SignIn, cast: Cast) -> None:
    stranger = await as_("曹望舒")
    assert (await stranger.get(f"/districts/{cast.district.id}/rules")).status_code == 404
