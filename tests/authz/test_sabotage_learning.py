"""Negative controls of the column and of files: with a defence broken, the matrix says so."""

import re
from typing import Any

import pytest

from backend.column import permissions as column
from backend.column.models import ColumnItem
from backend.column.queries import feed
from backend.column.rules import items as rules
from backend.media import permissions as media
from backend.media.models import Attachment, Upload
from tests.authz.matrix import Matrix


async def test_items_released_for_others_are_reported(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def reaches(*_: Any) -> bool:
        return True

    monkeypatch.setattr(feed, "reaches", reaches)
    complaints = await matrix.complaints("getColumnItem/released")
    assert any("other_school parent: shows foreign canaries ['A2'" in one for one in complaints)
    assert any("own parent_restricted: answered 200" in one for one in complaints)


async def test_drafts_shown_to_the_whole_school_are_reported(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(column, "edits", lambda actor, of: of.school_id in actor.school_ids)
    complaints = await matrix.complaints("getColumnItem/draft")
    shown = re.compile("getColumnItem/draft own class_teacher_next: shows foreign .*'WA1X'")
    assert any(shown.match(one) for one in complaints)


async def test_an_editor_who_passes_their_own_words_is_reported(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await matrix.complaints("reviewColumnItem/mine") == []
    monkeypatch.setattr(rules, "check_review", lambda *_, **__: None)
    complaints = await matrix.complaints("reviewColumnItem/mine")
    # The rows themselves refuse it then; that is not what is promised either.
    assert any("own admin: answered " in one for one in complaints)


async def test_a_contribution_anybody_takes_back_is_reported(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = ColumnItem.get_or_none

    def careless(*_: Any, **wanted: Any) -> Any:
        wanted.pop("contributor_id", None)
        return honest(**wanted)

    monkeypatch.setattr(ColumnItem, "get_or_none", careless)
    complaints = await matrix.complaints("withdrawContributionConsent/contributed")
    assert any("own class_teacher: answered 204, expected 404" in one for one in complaints)


async def test_an_upload_anybody_goes_on_with_is_reported(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await matrix.complaints("getUpload/begun") == []
    honest = Upload.get_or_none

    def careless(*_: Any, **wanted: Any) -> Any:
        wanted.pop("person_id", None)
        return honest(**wanted)

    monkeypatch.setattr(Upload, "get_or_none", careless)
    complaints = await matrix.complaints("getUpload/begun")
    assert "getUpload/begun own admin: shows foreign canaries ['A1X']" not in complaints
    assert any("own subject_teacher: answered 200, expected 404" in one for one in complaints)
    assert any("shows foreign canaries ['A1Y']" in one for one in complaints)


async def test_a_link_that_opens_every_film_is_reported(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    media._opened.clear()
    assert await matrix.complaints("playStream/film") == []
    media._opened.clear()
    honest = media.links.verify
    own = matrix.world.places["own"]
    assert await Attachment.exists(id=own.film_id)

    def careless(token: str, attachment_id: Any, what: str, **more: Any) -> Any:
        for place in matrix.world.places.values():
            film = getattr(place, "film_id", None)
            if (claims := honest(token, film, what, **more)) is not None:
                return claims
        return None

    monkeypatch.setattr(media.links, "verify", careless)
    complaints = await matrix.complaints("playStream/film")
    media._opened.clear()
    assert any("mixed anonymous: answered 200, expected 404" in one for one in complaints)
