"""Rows of the parent school, split by noun."""

from backend.courses.models.catalogue import (
    Course,
    CourseDelivery,
    CourseKind,
    PublicationState,
    Topic,
    Track,
    TrackCourse,
)
from backend.courses.models.hosts import Adoption, HostKind, ParentSchool
from backend.courses.models.learning import (
    Assignment,
    CourseCompletion,
    CourseEnrolment,
    LessonCompletion,
    Means,
    QuizAttempt,
)
from backend.courses.models.lessons import (
    Lesson,
    LessonKind,
    Question,
    QuizQuestionKind,
    Revision,
)
from backend.courses.models.reviews import CourseReview

__all__ = [
    "Adoption",
    "Assignment",
    "Course",
    "CourseCompletion",
    "CourseDelivery",
    "CourseEnrolment",
    "CourseKind",
    "CourseReview",
    "HostKind",
    "Lesson",
    "LessonCompletion",
    "LessonKind",
    "Means",
    "ParentSchool",
    "PublicationState",
    "Question",
    "QuizAttempt",
    "QuizQuestionKind",
    "Revision",
    "Topic",
    "Track",
    "TrackCourse",
]
