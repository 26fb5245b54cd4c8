"""Telling stories about review panels."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from backend import clock
from backend.database import execute, fetch
from seed.cast import Cast
from tests.committees.stories import ADMIN, ok
from tests.house import SignIn, Visitor

OFFICER = "沈知微"
JUDGES = [
    ("林晓岚", "teacher"),
    ("王立强", "parent"),
    ("周婷", "parent"),
    ("高远", "parent"),
    ("马静", "public"),
]
FULL = {"c1": 40, "c2": 30}


def written(*, days: float = 10, **more: Any) -> dict[str, Any]:
    """Return a panel as its office writes it: two criteria, forty points and thirty."""
    return {
        "title": "优秀案例评议",
        "criteria": [{"label": "育人实效", "most": 40}, {"label": "家长参与", "most": 30}],
        "closesAt": (clock.now() + timedelta(days=days)).isoformat(),
        **more,
    }


def path_of(cast: Cast, school: str | None = "海湾") -> str:
    if school is None:
        return f"/districts/{cast.district.id}/panels"
    return f"/schools/{cast.schools[school].id}/panels"


def entry(title: str = "小菜园里的劳动课", **more: Any) -> dict[str, Any]:
    return {"title": title, "presenter": "三年级1班", **more}


def judges(cast: Cast, *named: tuple[str, str]) -> dict[str, Any]:
    """Return panelists as the office names them."""
    return {
        "panelists": [
            {"personId": str(cast.id(name)), "constituency": constituency}
            for name, constituency in named or JUDGES
        ]
    }


async def drafted(
    as_: SignIn, cast: Cast, by: str = ADMIN, school: str | None = "海湾", **more: Any
) -> dict[str, Any]:
    """Return a draft with two entries and five panelists, as its office reads it."""
    office = await as_(by)
    panel = ok(await office.post(path_of(cast, school), json=written(**more)), 201)
    shown = {"entries": [entry(), entry("爸爸讲师团")]}
    ok(await office.put(f"/panels/{panel['id']}/entries", json=shown))
    return ok(await office.put(f"/panels/{panel['id']}/panelists", json=judges(cast)))


async def opened(
    as_: SignIn, cast: Cast, by: str = ADMIN, school: str | None = "海湾", **more: Any
) -> dict[str, Any]:
    """Return a panel that is open, as its office reads it."""
    panel = await drafted(as_, cast, by, school, **more)
    return ok(await (await as_(by)).put(f"/panels/{panel['id']}/opening"))


async def closed(as_: SignIn, cast: Cast, by: str = ADMIN, **more: Any) -> dict[str, Any]:
    """Return a panel on which everybody has scored everything, and that is closed."""
    panel = await opened(as_, cast, by, **more)
    await all_score(as_, panel)
    return ok(await (await as_(by)).put(f"/panels/{panel['id']}/closing"))


async def published(as_: SignIn, cast: Cast, by: str = ADMIN, **more: Any) -> dict[str, Any]:
    panel = await closed(as_, cast, by, **more)
    return ok(await (await as_(by)).put(f"/panels/{panel['id']}/publication"))


async def all_score(as_: SignIn, panel: dict[str, Any]) -> None:
    """Let every panelist score every entry: the first one better."""
    for number, (name, _) in enumerate(JUDGES):
        for place, shown in enumerate(panel["shown"]):
            given = {"c1": 38 - 2 * number - 10 * place, "c2": 30 - number}
            assert (await score(await as_(name), shown, given)).status_code == 204


async def score(visitor: Visitor, shown: dict[str, Any], points: dict[str, int],
                comment: str = "") -> Any:  # fmt: skip
    """Give an entry its points."""
    body = {
        "points": [{"key": key, "points": number} for key, number in points.items()],
        "comment": comment,
    }
    return await visitor.put(f"/panel-entries/{shown['id']}/score", json=body)


async def scores_of(panel: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the scores as they lie in the database."""
    return await fetch(
        "SELECT s.* FROM panel_scores s JOIN panel_entries e ON e.id = s.entry_id "
        "WHERE e.panel_id = $1 ORDER BY s.id",
        UUID(panel["id"]),
    )


async def closes_in(panel: dict[str, Any], *, hours: float, opened_before: float = 48) -> None:
    """Let a panel close in so many hours, opened so many before now."""
    now = clock.now()
    await execute(
        "UPDATE panels SET closes_at = $2, opened_at = $3 WHERE id = $1",
        UUID(panel["id"]),
        now + timedelta(hours=hours),
        now - timedelta(hours=opened_before),
    )


async def inbox_of(cast: Cast, name: str, occasion: str) -> int:
    """Return how many letters of an occasion lie in somebody's inbox."""
    rows = await fetch(
        "SELECT 1 FROM post_inbox_item i JOIN post_letter l ON l.id = i.letter_id "
        "WHERE i.person_id = $1 AND l.occasion = $2",
        cast.id(name),
        occasion,
    )
    return len(rows)
