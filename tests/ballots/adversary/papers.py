"""The server's log and the application's: what was said when, with which parameters."""

import re
from datetime import UTC, datetime
from pathlib import Path

import msgspec

_START = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) UTC \[(\d+)\] (\w+):  (.*)$")
_PARAMETER = re.compile(r"\$\d+ = (NULL|'((?:[^']|'')*)')")


class Line(msgspec.Struct, frozen=True):
    """One entry. ``values`` are what was bound to a statement; an array is a list of its own.

    Of the application's log ``values`` are all values of the entry.
    """

    at: float
    source: str
    text: str
    values: list[str | list[str]]


def of_server(path: Path) -> list[Line]:
    """Read the server's log, each statement with what was bound to it."""
    found: list[tuple[float, str, list[str]]] = []
    for raw in path.read_text(errors="replace").splitlines():
        match = _START.match(raw)
        if match:
            moment = datetime.strptime(match[1], "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC)
            found.append((moment.timestamp(), match[2], [f"{match[3]}: {match[4]}"]))
        elif found:
            found[-1][2].append(raw)
    lines: list[Line] = []
    last: dict[str, str] = {}
    for at, process, raws in found:
        text = "\n".join(raws)
        is_bound = text.startswith("DETAIL:")
        # What was bound is said when it is bound and again when it is executed.
        if not is_bound or last.get(process) != text:
            lines.append(Line(at, f"server {process}", text, _bound(text) if is_bound else []))
        if is_bound:
            last[process] = "" if last.get(process) == text else text
    return lines


def of_application(path: Path) -> list[Line]:
    """Read the application's log, one JSON object a line."""
    lines: list[Line] = []
    for raw in path.read_text(errors="replace").splitlines():
        try:
            entry = msgspec.json.decode(raw, type=dict[str, object])
        except msgspec.DecodeError:
            lines.append(Line(lines[-1].at if lines else 0.0, "application", raw, [*raw.split()]))
            continue
        at = datetime.fromisoformat(str(entry["timestamp"])).timestamp()
        values: list[str | list[str]] = [
            [str(one) for one in value] if isinstance(value, list) else str(value)
            for value in entry.values()
        ]
        lines.append(Line(at, "application", raw, values))
    return lines


def _bound(text: str) -> list[str | list[str]]:
    values: list[str | list[str]] = []
    for match in _PARAMETER.finditer(text):
        value = (match[2] or "").replace("''", "'")
        values.append(_items(value) if _is_array(value) else value)
    return values


def _is_array(value: str) -> bool:
    """Say whether a value is an array; an object in JSON has braces as well."""
    if not (value.startswith("{") and value.endswith("}")):
        return False
    try:
        msgspec.json.decode(value)
    except msgspec.DecodeError:
        return True
    return value == "{}"


def _items(text: str) -> list[str]:
    return [
        one[1:-1].replace("\\\\", "\\") if one.startswith('"') else one
        for one in re.findall(r'"(?:[^"\\]|\\.)*"|[^,{}]+', text)
    ]
