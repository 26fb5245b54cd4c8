"""Why a value does not fit, in the caller's language.

The decoder speaks English; each of its sentences has a Chinese one here. A sentence that
is not listed, such as a room's own rule between members, is shown as it is in English
and within a general sentence in Chinese.
"""

import re

KINDS = {
    "array": "列表",
    "bool": "是或否",
    "date": "日期（YYYY-MM-DD）",
    "datetime": "时间",
    "float": "数字",
    "int": "整数",
    "null": "空值",
    "object": "对象",
    "str": "文字",
    "time": "时刻",
    "uuid": "编号",
}
SENTENCES = [
    (r"Object missing required field `(\w+)`", "缺少必填项 {0}"),
    (r"Object contains unknown field `(.*)`", "含有不认识的项 {0}"),
    (r"Expected `(?:str|array|object)` of length >= 1", "不能为空"),
    (r"Expected `str` of length >= (\d+)", "至少 {0} 个字符"),
    (r"Expected `str` of length <= (\d+)", "最多 {0} 个字符"),
    (r"Expected `(?:array|object)` of length >= (\d+)", "至少 {0} 项"),
    (r"Expected `(?:array|object)` of length <= (\d+)", "最多 {0} 项"),
    (r"Expected `(?:int|float)` >= (\S+)", "不能小于 {0}"),
    (r"Expected `(?:int|float)` <= (\S+)", "不能大于 {0}"),
    (r"Expected `str` matching regex .*", "格式不正确"),
    (r"Expected `datetime` with a timezone component", "时间须带时区，例如 +08:00"),
    (r"Expected `time` with no timezone component", "时刻不能带时区"),
    (r"Expected `([^`]+)`, got `([^`]+)`", "应为{0}，实为{1}"),
    (r"Invalid enum value .*", "不是可选的值"),
    (r"Invalid value .*", "不是可选的值"),
    (r"Invalid RFC3339 encoded (?:datetime|time|date)", "日期或时间不正确"),
    (r"Invalid UUID", "编号不正确"),
    (r"Integer value out of range|Number out of range", "数字超出范围"),
    (r"Given more than once", "只能给出一次"),
    (r"(?:JSON is malformed|Input data was truncated).*", "不是正确的 JSON"),
    (r"(\S+) contains characters that cannot be shown", "含有无法显示的字符"),
    (r"(\S+) is not in Unicode normal form NFC", "文字不是 Unicode NFC 形式"),
]
_QUOTED = re.compile(r"(?<=^Invalid value) .*|(?<=^Invalid enum value) .*", re.DOTALL)
"""What was sent stays out of refusals: they end up in logs and in support mails."""
_SENTENCES = [(re.compile(pattern, re.DOTALL), chinese) for pattern, chinese in SENTENCES]


def said(message: str, language: str) -> str:
    """Return what is wrong, in ``language`` (``zh`` or ``en``)."""
    if language == "en":
        return _QUOTED.sub("", message)
    for pattern, chinese in _SENTENCES:
        if found := pattern.fullmatch(message):
            return chinese.format(*(_kinds(part) for part in found.groups()))
    return f"不符合要求（{message}）"


def _kinds(names: str) -> str:
    """Put the decoder's words for kinds of values into Chinese; anything else stays."""
    parts = names.split(" | ")
    if not all(part in KINDS for part in parts):
        return names
    return "或".join(KINDS[part] for part in parts)
