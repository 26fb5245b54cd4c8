"""Refusals: everything the house may say no with.

A refusal is a class with a stable machine ``code``, an HTTP ``status`` and one
sentence in each language. Nobody returns an error by hand: raise the refusal and
``web.problems`` turns it into problem+json in the caller's language.
"""

from typing import Any, ClassVar


class Refusal(Exception):
    """Base of every refusal.

    ``zh`` and ``en`` are the sentences people read; both may use ``{name}`` fields,
    filled from the keyword arguments, which are also sent as members of the problem.
    ``retry_after`` is in whole seconds and becomes a ``Retry-After`` header.
    """

    status: ClassVar[int] = 409
    code: ClassVar[str] = "refused"
    zh: ClassVar[str] = "无法完成该操作。"
    en: ClassVar[str] = "That cannot be done."

    def __init__(self, *, retry_after: int | None = None, **facts: Any) -> None:
        super().__init__(self.code)
        self.retry_after = retry_after
        self.facts = facts

    def sentence(self, language: str) -> str:
        """Return the sentence for ``language`` (``zh`` or ``en``)."""
        template = self.en if language == "en" else self.zh
        return template.format(**self.facts)


class NotFound(Refusal):
    """Absent, or not yours: both answer the same bytes (architecture decision 8)."""

    status = 404
    code = "not_found"
    zh = "没有找到您要的内容。"
    en = "There is nothing here for you."


class NotAllowed(Refusal):
    """The row is in sight, but this role may not do that with it."""

    status = 403
    code = "not_allowed"
    zh = "您没有进行此操作的权限。"
    en = "You may see this, but you may not do that."


class SignInNeeded(Refusal):
    status = 401
    code = "sign_in_needed"
    zh = "请先登录。"
    en = "Please sign in."


class TooMany(Refusal):
    """A named limit is exhausted; ``retry_after`` says when to come back."""

    status = 429
    code = "too_many_requests"
    zh = "操作过于频繁，请在{seconds}秒后重试。"
    en = "Too many requests; try again in {seconds} seconds."


class BadInput(Refusal):
    """The request does not fit; ``field`` names the offending member."""

    status = 400
    code = "bad_input"
    zh = "提交的内容有误：{field}。"
    en = "The request does not fit: {field}."


class Busy(Refusal):
    """The house cannot answer right now; the same request may be repeated."""

    status = 503
    code = "busy"
    zh = "系统繁忙，请稍后重试。"
    en = "Busy; please try again shortly."
