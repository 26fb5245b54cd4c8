"""When an activity may be written, opened, registered for, called off, summarised.

Nothing here reads the database or the clock: callers bring the facts.
"""

from backend.activities.rules.after import (
    FEEDBACK_WINDOW,
    NotHeldYet,
    NotThere,
    check_feedback_time,
    ratings_shown,
)
from backend.activities.rules.organising import (
    MOST_SESSIONS,
    BadActivityDates,
    NobodyInvited,
    Node,
    NoSessions,
    NotAGuardian,
    NotOnTheStaff,
    NotYourActivity,
    OutsideAudience,
    TooManySessions,
    WrongActivityState,
    check_inside,
    check_opening,
    check_state,
    may_organise,
    office_of,
    session_nodes,
)
from backend.activities.rules.programmes import (
    NotARecording,
    RecordingNotReady,
    SessionNotOver,
    SpeakerNotHere,
    check_over,
    check_recording,
)
from backend.activities.rules.questions import (
    AnswerMisfit,
    AnswerMissing,
    check_answers,
)
from backend.activities.rules.registering import (
    ChildTwiceAtOnce,
    PlanByLot,
    SessionFull,
    TooManyForChild,
    TooManyForFamily,
    check_apart,
    check_limits,
)

__all__ = [
    "FEEDBACK_WINDOW",
    "MOST_SESSIONS",
    "AnswerMisfit",
    "AnswerMissing",
    "BadActivityDates",
    "ChildTwiceAtOnce",
    "NoSessions",
    "NobodyInvited",
    "Node",
    "NotAGuardian",
    "NotARecording",
    "NotHeldYet",
    "NotOnTheStaff",
    "NotThere",
    "NotYourActivity",
    "OutsideAudience",
    "PlanByLot",
    "RecordingNotReady",
    "SessionFull",
    "SessionNotOver",
    "SpeakerNotHere",
    "TooManyForChild",
    "TooManyForFamily",
    "TooManySessions",
    "WrongActivityState",
    "check_answers",
    "check_apart",
    "check_feedback_time",
    "check_inside",
    "check_limits",
    "check_opening",
    "check_over",
    "check_recording",
    "check_state",
    "may_organise",
    "office_of",
    "ratings_shown",
    "session_nodes",
]
