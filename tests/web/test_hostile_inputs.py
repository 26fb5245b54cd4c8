"""Whatever a request contains, it is refused in words, at once, and harms nothing."""

import gc
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from backend.web.guard import MAX_UPLOAD
from tests.authz.state import undone
from tests.contract import PROBLEM, committed
from tests.web import hostile
from tests.web.asking import Asker, Request, entries

LONGEST = 5.0
"""Seconds any of these may take, on a machine that does other things besides."""
PLAIN_WORDS = {
    "nothing",
    "Arabic digits",
    "a date without an offset",
    "the 30th of February",
    "the year 10000",
    "a template",
    "an SQL quote",
    "minus zero",
}
ONCE = {"completeUpload"}
"""What it joins has left the disk, whatever becomes of the rows: it works no second time."""
REFUSED = {400, 401, 403, 404, 405, 409, 413, 415, 422, 429}

Case = tuple[str, dict[str, Any]]


def bodies(request: Request) -> Iterator[Case]:
    good = request.sent.get("json")
    if good is None:
        return
    for name, make in hostile.BODIES.items():
        yield name, {"content": make(good), "headers": hostile.JSON}
    for name, (kind, content) in hostile.MEDIA_TYPES.items():
        headers = {} if kind is None else {"content-type": kind}
        yield name, {"content": content, "headers": headers}


def forms(request: Request) -> Iterator[Case]:
    if "files" in request.sent:
        for name, (kind, content) in hostile.FORMS.items():
            yield name, {"content": content, "headers": {"content-type": kind}}


async def must_be_refused(asker: Asker, request: Request, name: str, sent: dict[str, Any]) -> None:
    """Send one input in one of the two languages and look at the answer from all sides."""
    tongue = ("zh-CN", "en")[len(name) % 2]
    headers = {"Accept-Language": tongue, **sent.pop("headers", {})}
    began = time.perf_counter()
    async with undone():
        answer = await asker.send(request, headers=headers, **sent)
    took = time.perf_counter() - began
    said = f"{request.name}: {name}: {answer.status_code} {answer.text[:200]}"
    assert answer.status_code in REFUSED, said
    if request.name == "verify" and answer.headers["content-type"].startswith("text/html"):
        # A page for people, who hold a paper and no app: it says no as a page.
        assert answer.headers["content-security-policy"].startswith("default-src 'none'"), said
        return
    assert answer.headers["content-type"] == PROBLEM, said
    assert answer.headers["content-language"] == tongue, said
    assert answer.json()["detail"].isascii() is (tongue == "en"), said
    assert took < LONGEST, f"{said} after {took:.1f} s"


async def must_survive(asker: Asker, request: Request, name: str, sent: dict[str, Any]) -> int:
    """Send what may or may not be refused; whatever it changes is undone."""
    began = time.perf_counter()
    async with undone():
        answer = await asker.send(request, **sent)
    took = time.perf_counter() - began
    said = f"{request.name}: {name}: {answer.status_code} {answer.text[:200]}"
    assert answer.status_code < 500, said
    assert took < LONGEST, f"{said} after {took:.1f} s"
    return answer.status_code


async def must_still_work(asker: Asker, request: Request) -> None:
    if request.name in ONCE:
        return
    async with undone():
        answer = await asker.send(request, **request.sent)
    assert answer.status_code in request.statuses, f"{request.name}: {answer.text}"


@pytest.mark.parametrize("name", entries())
async def test_a_hostile_body_is_refused_in_words(asker: Asker, name: str) -> None:
    request = asker.good(name)
    for called, sent in [*bodies(request), *forms(request)]:
        if called in PLAIN_WORDS:
            # Where a free text is asked for, these are words like any other; and minus zero
            # is a zero, where one may be had.
            await must_survive(asker, request, called, sent)
        else:
            await must_be_refused(asker, request, called, sent)
    await must_still_work(asker, request)


@pytest.mark.parametrize("name", entries())
async def test_no_member_of_a_body_breaks_anything(asker: Asker, name: str) -> None:
    request = asker.good(name)
    answers = [
        await must_survive(asker, request, called, {"json": body})
        for called, body in hostile.member_by_member(request.sent.get("json", {}))
    ]
    assert not answers or 400 in answers
    await must_still_work(asker, request)


@pytest.mark.parametrize("name", entries())
async def test_a_hostile_path_leads_nowhere(asker: Asker, name: str) -> None:
    request = asker.good(name)
    parameters = asker.operations[name].parameters
    for parameter in parameters:
        for called, value in hostile.IDS.items():
            url = request.path.replace(f"{{{parameter}}}", value)
            for other in parameters:
                url = url.replace(f"{{{other}}}", "019ab3c4-1f0a-787c-b48f-6939eb29880f")
            await must_be_refused(asker, request, called, {**request.sent, "url": url})
    await must_still_work(asker, request)


@pytest.mark.parametrize("name", entries())
async def test_a_hostile_query_is_survived(asker: Asker, name: str) -> None:
    request = asker.good(name)
    documented = _query_parameters(request)
    if request.method == "GET":
        for called, query in hostile.QUERIES.items():
            await must_survive(asker, request, called, {"url": f"{request.url}?{query}"})
    for parameter in documented:
        for called, value in hostile.VALUES.items():
            url = f"{request.url}?{parameter}={value}"
            status = await must_survive(asker, request, f"{parameter}={called}", {"url": url})
            if parameter == "limit":
                assert status == 400, f"{request.name}: limit={called}: {status}"
            if called in ("NUL", "NUL inside"):
                assert status == 400, f"{request.name}: {parameter}={called}: {status}"
        twice = f"{request.url}?{parameter}=1&{parameter}=2"
        assert await must_survive(asker, request, f"{parameter} twice", {"url": twice}) == 400
    await must_still_work(asker, request)


@pytest.mark.parametrize("name", entries())
async def test_hostile_headers_are_survived(asker: Asker, name: str) -> None:
    request = asker.good(name)
    for called, headers in hostile.HEADERS.items():
        sent = dict(request.sent)
        said = {**sent.pop("headers", {}), **headers}
        async with undone():
            answer = await asker.send(request, headers=said, hold=False, **sent)
        assert answer.status_code < 500, f"{name}: {called}: {answer.text[:200]}"
        assert len(answer.headers["x-request-id"]) == 16, called
    if "401" in _operation(request)["responses"] and "Authorization" in request.headers:
        for called, token in hostile.TOKENS.items():
            sent = dict(request.sent)
            said = {**sent.pop("headers", {}), "Authorization": token.encode("latin-1")}
            answer = await asker.send(request, headers=said, **sent)
            assert answer.status_code == 401, f"{name}: {called}: {answer.text[:200]}"
    if "Idempotency-Key" in _parameters(request):
        for called, key in hostile.KEYS.items():
            headers = {"Idempotency-Key": key.encode("latin-1")}
            async with undone():
                answer = await asker.send(request, headers=headers, **request.sent)
            assert answer.status_code in (400, 401), f"{name}: {called}: {answer.text[:200]}"
    await must_still_work(asker, request)


# The parser leaves its spool file to the garbage collector when it is interrupted.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("name", ["uploadAttachment", "uploadRoster"])
async def test_an_endless_upload_is_cut_off(asker: Asker, name: str) -> None:
    """A stranger is turned away before a byte is read; others are, once it is too much."""
    request = asker.good(name)
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
        while sent < 4 * MAX_UPLOAD:
            sent += 1 << 20
            yield b"x" * (1 << 20)

    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = await asker.send(request, headers=headers, content=endless())
    assert answer.status_code == 413
    assert sent < MAX_UPLOAD + (4 << 20)
    sent = 0
    stranger = {**headers, "Authorization": "Bearer nobody"}
    answer = await asker.send(request, headers=stranger, content=endless())
    assert (answer.status_code, sent) == (401, 0)
    gc.collect()


async def test_the_same_member_twice_means_its_last_value_everywhere(asker: Asker) -> None:
    """One decoder reads each body once, so nothing is checked that is not also used."""
    request = asker.good("withdrawNotice")
    twice = b'{"reason": "the first one", "reason": "ok, the last one"}'
    async with undone():
        answer = await asker.send(request, content=twice, headers=hostile.JSON)
    assert answer.json()["reason"] == "ok, the last one"
    late = b'{"reason": "a good one", "reason": "x"}'
    answer = await asker.send(request, content=late, headers=hostile.JSON)
    assert answer.status_code == 400


def _operation(request: Request) -> dict[str, Any]:
    item: dict[str, Any] = committed().document["paths"].get(request.path, {})
    operation: dict[str, Any] = item.get(request.method.lower(), {"responses": {}})
    return operation


def _parameters(request: Request) -> list[str]:
    return [parameter["name"] for parameter in _operation(request).get("parameters", [])]


def _query_parameters(request: Request) -> list[str]:
    found = _operation(request).get("parameters", [])
    return [parameter["name"] for parameter in found if parameter["in"] == "query"]
