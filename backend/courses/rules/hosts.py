"""When a parent school may be registered, changed and closed."""

from backend.errors import BadInput, Refusal


class HostClosed(Refusal):
    code = "host_closed"
    zh = "该家长学校已停办，不能再开设课程。"
    en = "That parent school is closed and takes no new courses."


class HostNameTaken(Refusal):
    code = "host_name_taken"
    zh = "本区已有同名的家长学校。"
    en = "The district has a parent school of that name already."


class BadClosing(BadInput):
    code = "bad_closing"
    zh = "停办日期不能早于开办日期。"
    en = "It cannot close before it opened."
