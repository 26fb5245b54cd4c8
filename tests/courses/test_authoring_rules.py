"""The rules of authoring as tables: states, reading time, revisions, questions."""

from uuid import UUID, uuid4

import pytest

from backend.courses.models import Course, Lesson, LessonKind, Revision
from backend.courses.models import PublicationState as State
from backend.courses.rules import authoring as rules

SHORT = rules.LEAST_READING_MS


@pytest.mark.parametrize(
    ("allowed", "passes"),
    [
        (rules.DRAFT, {State.DRAFT}),
        (rules.CHANGEABLE, {State.DRAFT, State.PUBLISHED}),
    ],
)
def test_what_may_change_in_which_state(allowed: frozenset[State], passes: set[State]) -> None:
    for state in State:
        course = Course(state=state)
        if state in passes:
            rules.check_course(course, allowed)
            rules.check_lesson(state, allowed)
            continue
        with pytest.raises(rules.WrongCourseState) as refusal:
            rules.check_course(course, allowed)
        assert refusal.value.facts["state"] == state
        with pytest.raises(rules.WrongLessonState):
            rules.check_lesson(state, allowed)


@pytest.mark.parametrize(
    ("paragraphs", "units", "ms"),
    [
        ([], 0, SHORT),
        (["，。！"], 0, SHORT),
        (["好" * 100], 100, SHORT),
        (["好" * 134], 134, 20_100),
        (["好" * 400], 400, 60_000),
        (["好" * 200, "好" * 200], 400, 60_000),
        (["hello world 2026"], 6, SHORT),
        (["STEM课程" * 100], 400, 60_000),
    ],
)
def test_reading_takes_at_least_a_minute_for_four_hundred_characters(
    paragraphs: list[str], units: int, ms: int
) -> None:
    assert rules.reading_units(paragraphs) == units
    assert rules.reading_ms(paragraphs) == ms


FIRST, SECOND = uuid4(), uuid4()


@pytest.mark.parametrize(
    ("former", "medium", "duration", "again", "basis", "counts_from"),
    [
        # The first revision is where everything begins.
        (None, FIRST, 300, False, 3, 3),
        (None, FIRST, 300, True, 3, 3),
        # Other words around the same medium: what was watched goes on counting.
        ((FIRST, 300), FIRST, 300, False, 1, 1),
        # Another medium: watching begins anew, completions stand.
        ((FIRST, 300), SECOND, 300, False, 3, 1),
        ((FIRST, 300), FIRST, 301, False, 3, 1),
        ((None, None), FIRST, 300, False, 3, 1),
        # To be watched again, whatever it is.
        ((FIRST, 300), FIRST, 300, True, 3, 3),
        ((FIRST, 300), SECOND, 400, True, 3, 3),
    ],
)
def test_what_a_revision_makes_of_what_was_watched_before(
    former: tuple[UUID | None, int | None] | None,
    medium: UUID | None,
    duration: int | None,
    again: bool,
    basis: int,
    counts_from: int,
) -> None:
    lesson = Lesson(revision=1 if former else 0, basis=1, counts_from=1)
    was = Revision(number=1, attachment_id=former[0], duration_ms=former[1]) if former else None
    new = Revision(number=3, attachment_id=medium, duration_ms=duration, watch_again=again)
    rules.publish(lesson, new, was)
    assert (lesson.revision, lesson.basis, lesson.counts_from) == (3, basis, counts_from)
    assert lesson.state == State.PUBLISHED


@pytest.mark.parametrize(
    ("kind", "filled", "questions", "what"),
    [
        (LessonKind.VIDEO, {}, 0, "medium"),
        (LessonKind.VIDEO, {"attachment_id": FIRST}, 0, None),
        (LessonKind.AUDIO, {}, 0, "medium"),
        (LessonKind.ARTICLE, {"paragraphs": ["……"]}, 0, "text"),
        (LessonKind.ARTICLE, {"paragraphs": ["好"]}, 0, None),
        (LessonKind.QUIZ, {}, 0, "questions"),
        (LessonKind.QUIZ, {}, 1, None),
        (LessonKind.LIVE, {}, 0, "slot"),
        (LessonKind.LIVE, {"slot_id": FIRST}, 0, None),
        (LessonKind.EXTERNAL, {}, 0, "link"),
        (LessonKind.EXTERNAL, {"external_url": "https://a.example"}, 0, None),
    ],
)
def test_what_a_lesson_of_each_kind_needs(
    kind: LessonKind, filled: dict[str, object], questions: int, what: str | None
) -> None:
    missing = rules.missing_of(Revision(kind=kind, **filled), questions)
    assert (missing.what if missing else None) == what


@pytest.mark.parametrize("kind", LessonKind)
@pytest.mark.parametrize("medium", ["video", "audio", "image", "pdf"])
def test_which_file_carries_which_lesson(kind: LessonKind, medium: str) -> None:
    fits = {("video", "video"), ("audio", "audio"), ("live", "video"), ("live", "audio")}
    revision = Revision(kind=kind, title="第一课")
    if (str(kind), medium) in fits:
        rules.check_medium(revision, medium)
    else:
        with pytest.raises(rules.WrongMedium):
            rules.check_medium(revision, medium)


@pytest.mark.parametrize(
    ("kind", "answer", "fits"),
    [
        ("single", ["a"], True),
        ("single", ["a", "b"], False),
        ("single", ["z"], False),
        ("multiple", ["a"], True),
        ("multiple", ["a", "c"], True),
        ("multiple", ["a", "a"], False),
        ("order", ["c", "a", "b"], True),
        ("order", ["c", "a"], False),
        ("order", ["c", "a", "a"], False),
    ],
)
def test_which_answers_fit_a_question(kind: str, answer: list[str], fits: bool) -> None:
    options = [{"key": key, "text": key} for key in "abc"]
    assert (rules.question_misfit(kind, options, answer) == "") is fits
    assert rules.question_misfit(kind, [*options, options[0]], answer) != ""


@pytest.mark.parametrize(
    ("kind", "size", "lessons", "refusal"),
    [
        ("course", None, 0, rules.NoLessons),
        ("course", None, 1, None),
        ("external", None, 0, None),
        ("content_set", 66, 65, rules.SetIncomplete),
        ("content_set", 66, 67, rules.SetIncomplete),
        ("content_set", 66, 66, None),
    ],
)
def test_how_many_lessons_a_course_needs(
    kind: str, size: int | None, lessons: int, refusal: type[Exception] | None
) -> None:
    course = Course(kind=kind, set_size=size)
    if refusal is None:
        rules.check_size(course, lessons)
    else:
        with pytest.raises(refusal):
            rules.check_size(course, lessons)


def test_an_order_names_every_lesson_once() -> None:
    one, two, three = uuid4(), uuid4(), uuid4()
    rules.check_order([two, one], {one: 1, two: 2})
    for wrong in ([one], [one, one], [one, three], [one, two, three], [one, two, two]):
        with pytest.raises(rules.OrderIncomplete):
            rules.check_order(wrong, {one: 1, two: 2})
