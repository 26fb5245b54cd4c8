"""Rows of the parent school, split by noun."""

from backend.courses.models.catalogue import (
    Course,
    CourseKind,
    Delivery,
    PublicationState,
    Topic,
    Track,
    TrackCourse,
)
from backend.courses.models.hosts import Adoption, HostKind, ParentSchool
from backend.courses.models.learning import (
    Assignment,
    CourseCompletion,
    Enrolment,
    LessonCompletion,
    Means,
    QuizAttempt,
)
from backend.courses.models.lessons import Lesson, LessonKind, Question, QuestionKind, Revision

__all__ = [
    "Adoption",
    "Assignment",
    "Course",
    "CourseCompletion",
    "CourseKind",
    "Delivery",
    "Enrolment",
    "HostKind",
    "Lesson",
    "LessonCompletion",
    "LessonKind",
    "Means",
    "ParentSchool",
    "PublicationState",
    "Question",
    "QuestionKind",
    "QuizAttempt",
    "Revision",
    "Topic",
    "Track",
    "TrackCourse",
]
