"""The hook sees lies: each kind of untruth, told on purpose, is caught."""

import copy
import json
from typing import Any

import httpx
import pytest

from tests.contract import DOCUMENT, PROBLEM, Contract, load

ID = {"x-request-id": "9f86d081884c7d65"}
LIVE = "/health/live"
ME = "/v1/me/preferences"


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract(load(DOCUMENT))


def problem(status: int, code: str) -> httpx.Response:
    body = {
        "type": f"urn:tongxing:problem:{code}",
        "title": "请先登录",
        "status": status,
        "code": code,
        "detail": "请先登录。",
        "instance": ME,
        "requestId": ID["x-request-id"],
        "retryable": False,
        "fieldErrors": [],
        "facts": {},
    }
    headers = {**ID, "content-type": PROBLEM, "content-language": "zh-CN"}
    return httpx.Response(status, headers=headers, content=json.dumps(body).encode())


def hold(contract: Contract, path: str, answer: httpx.Response, method: str = "GET") -> None:
    contract.hold(httpx.Request(method, f"http://house{path}"), answer)


def answered(body: Any, status: int = 200, **headers: str) -> httpx.Response:
    return httpx.Response(status, headers={**ID, **headers}, json=body)


def test_true_answers_pass(contract: Contract) -> None:
    hold(contract, LIVE, answered({"ok": True}))
    hold(contract, ME, problem(401, "sign_in_needed"))
    hold(contract, "/v1/no/such/path", problem(404, "not_found"))
    hold(contract, ME, problem(405, "method_not_allowed"), "PATCH")
    hold(contract, "/v1/me/session", httpx.Response(204, headers=ID), "DELETE")


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (answered({"ok": True}, 202), "undeclared"),
        (answered({"ok": "yes"}), "does not fit"),
        (answered({}), "does not fit"),
        (answered({"ok": True, "load": 0.7}), "does not fit"),
        (answered({"ok": True}, **{"content-type": "text/json"}), "declared are application/json"),
        (httpx.Response(200, json={"ok": True}), "without a request id"),
        (answered({"detail": "boom"}, 500), "answered 500"),
        (httpx.Response(503, headers=ID, json={"detail": "?"}), "undeclared"),
    ],
)
def test_an_untrue_answer_is_caught(
    contract: Contract, answer: httpx.Response, complaint: str
) -> None:
    with pytest.raises(AssertionError, match=complaint):
        hold(contract, LIVE, answer)


def test_a_refusal_must_be_a_declared_problem(contract: Contract) -> None:
    with pytest.raises(AssertionError, match="undeclared code nobody_said_this"):
        hold(contract, ME, problem(401, "nobody_said_this"))
    with pytest.raises(AssertionError, match="undeclared"):
        hold(contract, ME, problem(409, "refused"))
    with pytest.raises(AssertionError, match="not as a problem"):
        hold(contract, ME, answered({"status_code": 401, "detail": "no"}, 401))
    with pytest.raises(AssertionError, match="Retry-After"):
        hold(contract, "/health/ready", problem(503, "busy"))


def test_a_body_where_none_is_declared_is_caught(contract: Contract) -> None:
    with pytest.raises(AssertionError, match="undeclared body"):
        hold(contract, "/v1/me/session", answered({}, 204), "DELETE")


def test_an_override_is_held_to_the_method_it_stands_for(contract: Contract) -> None:
    headers = {"X-HTTP-Method-Override": "DELETE"}
    request = httpx.Request("POST", "http://house/v1/me/session", headers=headers)
    contract.hold(request, httpx.Response(204, headers=ID))
    with pytest.raises(AssertionError, match="no such method"):
        hold(contract, "/v1/me/session", answered({}), "POST")


def test_a_refusal_struck_from_the_document_is_missed(contract: Contract) -> None:
    shorter = copy.deepcopy(contract.document)
    del shorter["paths"]["/v1/me/preferences"]["get"]["responses"]["401"]
    with pytest.raises(AssertionError, match="undeclared"):
        hold(Contract(shorter), ME, problem(401, "sign_in_needed"))


def test_an_accepted_request_must_fit_the_document_too(contract: Contract) -> None:
    me = {
        "quietFrom": None,
        "quietUntil": None,
        "digestAt": "18:00",
        "mutedCategories": [],
        "digestCategories": [],
    }
    request = httpx.Request("PUT", f"http://house{ME}", json={**me, "surprise": 1})
    with pytest.raises(AssertionError, match="to this body"):
        contract.hold(request, answered(me))
