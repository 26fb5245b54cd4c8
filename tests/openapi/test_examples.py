"""Every operation shows what goes in and what comes out, and the house takes it."""

from typing import Any

import msgspec
import pytest
from litestar import Litestar
from litestar.enums import RequestEncodingType
from litestar.routes import HTTPRoute

from backend.web.openapi.examples import identifier
from tests.openapi.walk import Document, contents, misfit, nodes, operations

PLACEHOLDER = "示例"


def test_every_json_body_has_an_example_that_fits(document: Document) -> None:
    looked = 0
    for where, operation in operations(document):
        for side, kind, content in contents(operation):
            if "json" not in kind and "multipart" not in kind:
                continue
            assert "example" in content, f"{where} {side}"
            assert misfit(document, content["schema"], content["example"]) is None, (
                f"{where} {side}: {misfit(document, content['schema'], content['example'])}; "
                "backend/web/openapi/specimens holds the values"
            )
            looked += 1
    assert looked > 100


def test_every_parameter_has_an_example_that_fits(document: Document) -> None:
    for where, operation in operations(document):
        for parameter in operation.get("parameters", []):
            assert misfit(document, parameter["schema"], parameter["example"]) is None, where


def test_no_example_is_a_placeholder(document: Document) -> None:
    for where, operation in operations(document):
        for side, _, content in contents(operation):
            shown = [value for node in nodes(content) for value in _texts(node)]
            assert PLACEHOLDER not in shown, (
                f"{where} {side}: name the value in backend/web/openapi/specimens"
            )
        for parameter in operation.get("parameters", []):
            assert parameter["example"] != PLACEHOLDER, f"{where} {parameter['name']}"


def test_the_house_takes_every_example_request(app: Litestar, document: Document) -> None:
    """Rules between members, which no schema tells, hold for the examples too."""
    taken = 0
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        for method, (handler, _) in route.route_handler_map.items():
            field = handler.parsed_data_field
            item = document["paths"].get(route.path_format, {})
            if field is None or method.lower() not in item:
                continue
            [(kind, content)] = item[method.lower()]["requestBody"]["content"].items()
            if kind == RequestEncodingType.MULTI_PART:
                continue
            msgspec.convert(content["example"], field.annotation)
            taken += 1
    assert taken > 15


def test_one_thing_has_one_id_wherever_it_is_shown(document: Document) -> None:
    seen = identifier("noticeId")
    item = document["paths"]["/v1/notices/{notice_id}"]["get"]
    assert item["parameters"][0]["example"] == seen
    assert item["responses"]["200"]["content"]["application/json"]["example"]["id"] == seen
    assert identifier("noticeId") != identifier("schoolId")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [({"title": ""}, "shorter than 1"), ({"category": "gossip"}, "not one of"), ({"x": 1}, "'x'")],
)
def test_an_example_that_did_not_fit_would_be_seen(
    document: Document, change: dict[str, Any], complaint: str
) -> None:
    content = document["paths"]["/v1/notices"]["post"]["requestBody"]["content"]["application/json"]
    broken = {**content["example"], **change}
    assert complaint in str(misfit(document, content["schema"], broken))


def _texts(node: dict[str, Any]) -> list[Any]:
    texts: list[Any] = []
    for value in node.values():
        texts += value if isinstance(value, list) else [value]
    return texts
