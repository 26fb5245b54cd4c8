"""Which URLs notices answer at: for recipients, for authors, for those who decide."""

from litestar import Router
from litestar.di import Provide

from backend.notices.controllers.deciding import DistrictNoticeAtSchool, NoticeApproval
from backend.notices.controllers.reaching import NoticeReach, SentNotices
from backend.notices.controllers.receiving import Feed, MyReading
from backend.notices.controllers.writing import (
    NoticeCorrection,
    NoticePublication,
    Notices,
    NoticeWithdrawal,
    OneNotice,
)
from backend.notices.permissions import notice_in_sight
from backend.schools.features import require
from backend.schools.models import Function

routes = Router(
    path="/",
    route_handlers=[
        Feed,
        MyReading,
        Notices,
        OneNotice,
        NoticePublication,
        NoticeCorrection,
        NoticeWithdrawal,
        NoticeReach,
        SentNotices,
        NoticeApproval,
        DistrictNoticeAtSchool,
    ],
    dependencies={"sight": Provide(notice_in_sight)},
    guards=[require(Function.NOTICES)],
    opt={"function": Function.NOTICES},
    tags=["通知 Notices"],
)
