"""What the certificate of a course says."""

from backend import clock
from backend.certificates.rules import Issuer, Line, Words, spelled, written_out
from backend.courses.models import Course, CourseCompletion, ParentSchool
from backend.media.paper.certificate import Figure

_RULE = "按课程完成规则第{version}版结业，各必修课时均已完成。"
LONGEST_ISSUER = 60
_WATCHED = "观看时长按服务器核对的实际播放区间计算，快进、跳播不计入。"


def issuer_of(host: ParentSchool, school: str | None) -> Issuer:
    """Return who certifies: the host's school, or its district for any other host.

    A school calls its parent school what it likes; its own name is there all the same.
    """
    name = host.name
    if school is not None and school not in name:
        both = f"{school}（{name}）"
        name = both if len(both) <= LONGEST_ISSUER else school
    return Issuer(district_id=host.district_id, school_id=host.school_id, name=name)


def words_of(course: Course, completion: CourseCompletion) -> Words:
    """Return what the certificate of a completion says; nobody but its holder is in it.

    Lessons that were credited, attended or only asked have no minutes, and a course of an
    outside platform counts as one.
    """
    details = []
    figures = [
        Figure(str(completion.lessons), "节", "完成课时")
        if completion.lessons
        else Figure("1", "门", "完成课程")
    ]
    if completion.duration_ms:
        seconds = completion.covered_ms // 1000
        # A lesson of twenty seconds is not one of none.
        length = spelled(seconds // 60) if seconds >= 60 else (str(seconds), "秒")
        percent = 100 * completion.covered_ms // completion.duration_ms
        figures.append(Figure(*length, "学习时长"))
        figures.append(Figure(str(percent), "%", "观看覆盖"))
        if completion.offline_ms >= 60_000:
            details.append(f"其中离线学习 {completion.offline_ms // 60_000} 分钟")
    return Words(
        title="结业证书",
        subtitle=course.brand or "家长学校",
        body=[
            f"于{written_out(clock.local(completion.completed_at).date())}学完家长学校课程",
            f"《{course.title}》，准予结业。",
        ],
        figures=figures,
        details=details,
        thanks="特发此证。",
        rule=_RULE.format(version=completion.rule_version)
        + (_WATCHED if completion.duration_ms else ""),
        lines=[Line("课程", course.title)],
        basis={
            "course": str(course.id),
            "round": completion.round,
            "lessons": completion.lessons,
            "covered_ms": completion.covered_ms,
            "duration_ms": completion.duration_ms,
            "offline_ms": completion.offline_ms,
            "rule_version": completion.rule_version,
        },
    )
