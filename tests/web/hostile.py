"""Inputs nobody means well with: bodies, paths, queries, headers and forms.

Each table gives a name to an input. Bodies are made from a good one, so that whatever is
wrong with them is the one thing their name says.
"""

import json
import struct
from collections.abc import Callable, Iterator
from typing import Any

Body = dict[str, Any]
JSON = {"content-type": "application/json"}


def _every_text(value: Any, change: Callable[[str], str]) -> Any:
    """Return ``value`` with every free text in it changed; short words are left alone."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_every_text(item, change) for item in value]
    if isinstance(value, dict):
        return {key: _every_text(item, change) for key, item in value.items()}
    return value


def _texts(good: Body, change: Callable[[str], str]) -> bytes:
    return json.dumps(_every_text(good, change)).encode()


def _first(good: Body, value: bytes) -> bytes:
    """Return the body with its first member's value written literally, or a strange one."""
    members = [f"{json.dumps(key)}: {json.dumps(item)}".encode() for key, item in good.items()]
    name = next(iter(good), "x")
    return b"{" + b", ".join([f"{json.dumps(name)}: ".encode() + value, *members[1:]]) + b"}"


def _deep(start: bytes, end: bytes, depth: int) -> bytes:
    return start * depth + b"1" + end * depth


BODIES: dict[str, Callable[[Body], bytes]] = {
    "nothing": lambda good: b"",
    "blanks only": lambda good: b"  \r\n\t ",
    "null": lambda good: b"null",
    "true": lambda good: b"true",
    "a number": lambda good: b"42",
    "a text": lambda good: b'"text"',
    "a list instead of an object": lambda good: json.dumps([good]).encode(),
    "an empty list": lambda good: b"[]",
    "cut off": lambda good: json.dumps({**good, "x": 1}).encode()[:-1],
    "two documents": lambda good: json.dumps(good).encode() * 2,
    "something after the end": lambda good: json.dumps(good).encode() + b"}",
    "a comment": lambda good: b"/* x */" + json.dumps(good).encode(),
    "single quotes": lambda good: repr({"x": 1, **good}).encode(),
    "a byte order mark": lambda good: b"\xef\xbb\xbf" + json.dumps(good).encode(),
    "UTF-16": lambda good: json.dumps({**good, "x": "家"}).encode("utf-16"),
    "GBK": lambda good: b'{"x": "' + "通知".encode("gbk") + b'"}',
    "invalid UTF-8": lambda good: _first(good, b'"\xff\xfe\xfd"'),
    "overlong UTF-8": lambda good: _first(good, b'"\xc0\x80"'),
    "half a character": lambda good: _first(good, b'"\xe5\xae"'),
    "a surrogate in UTF-8": lambda good: _first(good, b'"\xed\xa0\x80"'),
    "a raw NUL byte": lambda good: _first(good, b'"a\x00b"'),
    "raw control bytes": lambda good: _first(good, b'"a\x01\x1fb"'),
    "NUL in every text": lambda good: _texts({**good, "x": "y"}, lambda text: text + "\x00"),
    "C0 controls in every text": lambda good: _texts({**good, "x": ""}, lambda t: t + "\x07\x1b"),
    "a lone high surrogate": lambda good: _first(good, b'"\\ud800"'),
    "a lone low surrogate": lambda good: _first(good, b'"\\udc00x"'),
    "a text turned right to left": lambda good: _texts({**good, "x": ""}, lambda t: "\u202e" + t),
    "isolates": lambda good: _texts({**good, "x": ""}, lambda t: f"\u2066{t}\u2069"),
    "zero-width spaces": lambda good: _texts({**good, "x": ""}, lambda t: f"{t}\u200b"),
    "text not in NFC": lambda good: _texts({**good, "x": ""}, lambda t: f"{t}e\u0301"),
    "an unknown member": lambda good: json.dumps({**good, "is_admin": True}).encode(),
    "a prototype": lambda good: json.dumps({**good, "__proto__": {"admin": True}}).encode(),
    "an int past int4": lambda good: _first(good, str(2**31).encode()),
    "an int past int8": lambda good: _first(good, str(2**63).encode()),
    "an int of 400 digits": lambda good: _first(good, b"9" * 400),
    "an int of 100,000 digits": lambda good: _first(good, b"9" * 100_000),
    "a negative int": lambda good: _first(good, b"-1"),
    "minus zero": lambda good: _first(good, b"-0"),
    "a fraction": lambda good: _first(good, b"1.5"),
    "not a number": lambda good: _first(good, b"NaN"),
    "infinity": lambda good: _first(good, b"Infinity"),
    "a float past any double": lambda good: _first(good, b"1e999"),
    "100,000 lists deep": lambda good: _deep(b"[", b"]", 100_000),
    "100,000 objects deep": lambda good: _deep(b'{"a":', b"}", 100_000),
    "a member 20,000 lists deep": lambda good: _first(good, _deep(b"[", b"]", 20_000)),
    "an object of 500,000 members": lambda good: _wide(500_000),
    "an object of 20,000 members": lambda good: _wide(20_000),
    "a list of 100,000 items": lambda good: _first(good, b"[" + b"1," * 100_000 + b"1]"),
    "a text of 9 MB": lambda good: _first(good, b'"' + b"x" * 9_000_000 + b'"'),
    "a text of 200 kB": lambda good: _first(good, b'"' + b"x" * 200_000 + b'"'),
    "250,000 backslashes": lambda good: b'{"x": "' + b"\\" * 250_000 + b'"}',
    "escaped quotes without end": lambda good: b'{"x": "' + b'\\"' * 120_000,
    "quotes only": lambda good: b'"' * 250_000,
    "Arabic digits": lambda good: _first(good, json.dumps("١٢٣").encode()),
    "a date without an offset": lambda good: _first(good, b'"2026-11-23T08:00:00"'),
    "the 30th of February": lambda good: _first(good, b'"2026-02-30T08:00:00Z"'),
    "the year 10000": lambda good: _first(good, b'"10000-01-01T00:00:00Z"'),
    "an SQL quote": lambda good: _first(good, b'"\'; DROP TABLE persons; --"'),
    "a template": lambda good: _first(good, b'"{seconds.__class__} %s ${jndi:x}"'),
}
"""What is sent in place of a JSON body, made from a good one."""

MEDIA_TYPES: dict[str, tuple[str | None, bytes]] = {
    "text/plain": ("text/plain", b'{"a": 1}'),
    "a form": ("application/x-www-form-urlencoded", b"a=1&b=2"),
    "msgpack": ("application/x-msgpack", b"\x81\xa1a\x01"),
    "a multipart form": ("multipart/form-data; boundary=x", b"--x--\r\n"),
    "XML": ("application/xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'),
    "merge-patch": ("application/merge-patch+json", b"{}"),
    "no media type": (None, b'{"a": 1}'),
    "an empty media type": ("", b'{"a": 1}'),
    "nonsense": ("////;;;=", b'{"a": 1}'),
}

IDS = {
    "a small number": "1",
    "past int4": str(2**31),
    "past int8": str(2**63),
    "negative": "-1",
    "an Arabic digit": "%D9%A1",
    "NUL": "%00",
    "NUL inside": "019ab3c4%00",
    "a bad byte": "%ff",
    "a cut character": "%E5%AE",
    "an escaped dot": "%2e%2e",
    "the way up": "..%2f..%2fetc%2fpasswd",
    "a slash": "%2f",
    "nothing": "",
    "nothing and more": "%2f%2f",
    "null": "null",
    "braces": "%7B019ab3c4-1f0a-787c-b48f-6939eb29880f%7D",
    "too short": "019ab3c4-1f0a-787c-b48f",
    "not hexadecimal": "zzzzzzzz-zzzz-zzzz-zzzz-zzzzzzzzzzzz",
    "turned right to left": "%E2%80%AE",
    "an emoji": "%F0%9F%98%80",
    "8,000 characters": "a" * 8_000,
    "an SQL quote": "'%20OR%201=1--",
}
"""What is put where a path takes an id."""

VALUES = {
    "nothing": "",
    "NUL": "%00",
    "NUL inside": "a%00b",
    "a bad byte": "%ff%fe",
    "a cut character": "%E5%AE",
    "a percent sign alone": "%",
    "a bad escape": "%zz",
    "zero": "0",
    "negative": "-1",
    "an exponent": "1e3",
    "a fraction": "1.5",
    "not a number": "NaN",
    "past int4": str(2**31),
    "past int8": str(2**63),
    "400 digits": "9" * 400,
    "an Arabic digit": "%D9%A1",
    "a full-width digit": "%EF%BC%91",
    "an underscored number": "1_0",
    "a signed number": "%2B1",
    "padded": "%20%201%20",
    "turned right to left": "%E2%80%AE",
    "zero-width": "%E2%80%8B",
    "a surrogate": "%ED%A0%80",
    "an SQL quote": "'%20OR%201=1--",
    "wildcards": "%25%25__",
    "null": "null",
    "9,000 characters": "x" * 9_000,
}
"""What is put where a query takes a value."""

QUERIES = {
    "an unknown parameter with NUL": "s=%00",
    "an unknown parameter": "page=1e3",
    "a negative offset": "offset=-1",
    "only separators": "&&==&&",
    "no name": "=1",
    "brackets": "a[b][c]=1&a[]=2",
    "a thousand parameters": "&".join(f"a{number}=1" for number in range(1000)),
}

HEADERS: dict[str, dict[str, str]] = {
    "a language of 8,000 characters": {"Accept-Language": "zh," * 2_700},
    "nonsense for a language": {"Accept-Language": ";q=;;,,*;q=x"},
    "a language nobody speaks": {"Accept-Language": "tlh-KX"},
    "an unknown override": {"X-HTTP-Method-Override": "PATCH"},
    "an override of nonsense": {"X-HTTP-Method-Override": "DELETE; DROP"},
    "an ETag of 8,000 characters": {"If-None-Match": '"' + "x" * 8_000 + '"'},
    "a thousand ETags": {"If-None-Match": ",".join(['"a"'] * 1000)},
    "an ETag without quotes": {"If-None-Match": "*, W/, ,"},
    "a request id of one's own": {"X-Request-Id": "../../x" * 100},
    "forged forwarding": {"X-Forwarded-For": ", ".join(["::ffff:1.2.3.4", "x"] * 200)},
    "another host": {"Host": "evil.example"},
    "a range on JSON": {"Range": "bytes=0-0,1-1,2-2"},
    "a wish for another media type": {"Accept": "application/xml;q=1, image/*"},
}

TOKENS = {
    "nothing": "",
    "no token": "Bearer",
    "blanks": "Bearer   ",
    "another scheme": "Basic YWRtaW46YWRtaW4=",
    "two tokens": "Bearer a b",
    "8,000 characters": "Bearer " + "a" * 8_000,
    "an SQL quote": "Bearer ' OR 1=1--",
    "Latin-1": "Bearer \xff\xfe",
}

KEYS = {
    "too short": "1234567",
    "too long": "a" * 81,
    "nothing": "",
    "Latin-1": "\xe9" * 10,
    "blanks": " " * 12,
}

FORMS: dict[str, tuple[str, bytes]] = {
    "nothing": ("multipart/form-data; boundary=x", b""),
    "no boundary": ("multipart/form-data", b"--x--\r\n"),
    "an empty boundary": ("multipart/form-data; boundary=", b"----\r\n"),
    "another boundary": ("multipart/form-data; boundary=y", b"--x\r\n\r\n--x--\r\n"),
    "no parts": ("multipart/form-data; boundary=x", b"--x--\r\n"),
    "cut off": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF',
    ),
    "a part without a name": (
        "multipart/form-data; boundary=x",
        b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--\r\n",
    ),
    "a part without headers": ("multipart/form-data; boundary=x", b"--x\r\n\r\na\r\n--x--\r\n"),
    "a file as a text": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nabc\r\n--x--\r\n',
    ),
    "NUL in the file's name": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a\x00.pdf"\r\n\r\n'
        b"%PDF\r\n--x--\r\n",
    ),
    "a part header of 100 kB": (
        "multipart/form-data; boundary=x",
        b"--x\r\nX-A: " + b"a" * 100_000 + b"\r\n\r\na\r\n--x--\r\n",
    ),
    "5,000 parts": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 5_000 + b"--x--\r\n",
    ),
    "bytes": ("multipart/form-data; boundary=x", struct.pack("<1000I", *range(1000))),
    "JSON": ("application/json", b"{}"),
}


def member_by_member(good: Body) -> Iterator[tuple[str, Body]]:
    """Yield the body with each of its members in turn missing or of a wrong kind."""
    for name in good:
        yield f"{name} missing", {key: value for key, value in good.items() if key != name}
        for called, value in {
            "null": None,
            "true": True,
            "a big int": 2**63,
            "an empty text": "",
            "a long text": "字" * 5_000,
            "a NUL": "a\x00b",
            "an empty list": [],
            "a list of nulls": [None],
            "an empty object": {},
            "an object with NUL": {"a\x00": {"b": ["\x00"]}},
        }.items():
            yield f"{name} is {called}", {**good, name: value}


def _wide(members: int) -> bytes:
    return b"{" + b",".join(b'"k%d":1' % number for number in range(members)) + b"}"
