"""What may be certified of hours of service."""

from datetime import date

from backend.errors import BadInput, Refusal

RULE_ZH = "服务时长按每次签到至签退计算，以班次起止时间为限。"


class NothingToCertify(Refusal):
    code = "nothing_to_certify"
    zh = "该时间段内没有已完成的志愿服务时长，不能开具证明。"
    en = "There are no completed hours of service in that period."


class BadServicePeriod(BadInput):
    code = "bad_service_period"
    zh = "起止日期有误：开始不能晚于结束，结束不能晚于今天。"
    en = "The period begins before it ends, and ends today at the latest."


def check_period(first: date, last: date, today: date) -> None:
    """Raises :class:`BadServicePeriod`."""
    if not first <= last <= today:
        raise BadServicePeriod(field="until")
