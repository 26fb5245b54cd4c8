"""What the published document promises about itself."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from openapi_spec_validator import validate

from backend.web.openapi import export, labels, words
from backend.web.openapi.schemas import describe
from tests import contract
from tests.openapi.walk import Document, contents, nodes, operations, reached

CHINESE = re.compile(r"[\u4e00-\u9fff]")


def test_the_committed_document_is_the_one_the_code_makes(app: Litestar, tmp_path: Path) -> None:
    export(app, tmp_path / "openapi.yaml")
    made = (tmp_path / "openapi.yaml").read_bytes()
    assert made == contract.DOCUMENT.read_bytes(), contract.STALE


def test_two_processes_write_the_same_bytes(tmp_path: Path) -> None:
    made = []
    for seed in ("1", "2"):
        path = tmp_path / seed / "openapi.yaml"
        command = [sys.executable, "-m", "backend.cli", "openapi", "export", str(path)]
        subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": seed})
        made.append(path.read_bytes())
    assert made[0] == made[1]


def test_it_is_a_valid_openapi_document(document: Document) -> None:
    assert document["openapi"].startswith("3.1.")
    validate(document)


def test_its_version_has_an_entry_in_the_changes(document: Document) -> None:
    changes = (contract.DOCUMENT.parent / "CHANGES.md").read_text(encoding="utf-8")
    newest = re.search(r"^## (\S+)", changes, re.MULTILINE)
    assert newest is not None
    assert newest.group(1) == document["info"]["version"]


def test_operations_are_named_for_their_verb_each_once(document: Document) -> None:
    names = [operation["operationId"] for _, operation in operations(document)]
    assert len(names) == len(set(names)) > 50
    assert [name for name in names if not re.fullmatch(r"[a-z][A-Za-z0-9]+", name)] == []


def test_every_operation_is_introduced_in_chinese_under_a_known_tag(document: Document) -> None:
    tags = {tag["name"]: tag["description"] for tag in document["tags"]}
    assert set(tags) <= {name for name, _ in words.TAGS.values()}
    assert all(CHINESE.search(said) for said in tags.values())
    for where, operation in operations(document):
        assert CHINESE.search(operation["summary"]), where
        assert set(operation["tags"]) <= set(tags), where


def test_only_get_post_put_and_delete_are_spoken(document: Document) -> None:
    methods = {where.split()[0] for where, _ in operations(document)}
    assert methods <= {"GET", "HEAD", "POST", "PUT", "DELETE"}


def test_open_doors_are_marked_and_all_others_take_a_token(document: Document) -> None:
    assert document["security"] == [{"bearer": []}]
    for where, operation in operations(document):
        is_open = operation["x-policy"] in ("public", "signed_link")
        assert operation.get("security") == ([] if is_open else None), where
        assert is_open or "401" in operation["responses"], where


def test_no_schema_under_a_path_is_anonymous(document: Document) -> None:
    for where, operation in operations(document):
        for side, kind, content in contents(operation):
            for node in nodes(content["schema"]):
                assert "properties" not in node, f"{where} {side} {kind}"
                assert node.get("type") != "object", f"{where} {side} {kind}"


def test_component_names_carry_no_module_and_no_brackets(document: Document) -> None:
    names = document["components"]["schemas"]
    assert [name for name in names if not re.fullmatch(r"[A-Z][A-Za-z0-9]+", name)] == []


def test_every_member_of_a_response_is_always_present(document: Document) -> None:
    answers = [operation["responses"] for _, operation in operations(document)]
    asked = [operation.get("requestBody") for _, operation in operations(document)]
    only_answered = reached(document, answers) - reached(document, asked)
    assert len(only_answered) > 30
    for name in only_answered:
        schema = document["components"]["schemas"][name]
        if "properties" in schema:
            assert schema["required"] == list(schema["properties"]), name
            assert not any("default" in member for member in schema["properties"].values()), name


def test_null_is_said_by_a_list_of_types_and_bounds_of_integers_are_integers(
    document: Document,
) -> None:
    bounds = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "default")
    for node in nodes(document["components"]["schemas"]):
        assert "nullable" not in node
        assert "anyOf" not in node
        if {"type": "null"} in node.get("oneOf", []):
            assert any("$ref" in option for option in node["oneOf"]), node
        if node.get("type") == "integer":
            assert not [name for name in bounds if isinstance(node.get(name), float)], node


def test_every_enum_value_has_a_chinese_label_and_nothing_of_its_first_user(
    document: Document,
) -> None:
    enums = {n: s for n, s in document["components"]["schemas"].items() if "enum" in s}
    assert len(enums) > 10
    for name, schema in enums.items():
        assert list(labels.ENUMS[name]) == schema["enum"], f"{name} in labels.py"
        assert schema["x-enum-descriptions"] == list(labels.ENUMS[name].values())
        assert len(set(schema["x-enum-varnames"])) == len(schema["enum"])
        assert "default" not in schema


def test_refusals_are_problems_with_their_codes(document: Document) -> None:
    shared = document["components"]["responses"]
    for where, operation in operations(document):
        for status, response in operation["responses"].items():
            if int(status) < 400 or status == "416":
                continue
            said = shared[response["$ref"].rsplit("/", 1)[1]] if "$ref" in response else response
            assert list(said["content"]) == [contract.PROBLEM], f"{where} {status}"
            [content] = said["content"].values()
            assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
            assert said["x-codes"], f"{where} {status}"
            if status in ("429", "503"):
                assert "Retry-After" in said["headers"], f"{where} {status}"


@pytest.mark.parametrize("name", ["Idempotency-Key", "cursor"])
def test_parameters_bring_their_refusals_along(document: Document, name: str) -> None:
    code = {"Idempotency-Key": "idempotency_key_needed", "cursor": "bad_cursor"}[name]
    taking = [
        (where, operation)
        for where, operation in operations(document)
        if name in [parameter["name"] for parameter in operation.get("parameters", [])]
    ]
    assert taking
    for where, operation in taking:
        assert code in operation["responses"]["400"]["x-codes"], where


def test_posts_that_create_take_an_idempotency_key(document: Document) -> None:
    """Sign-in creates sessions from codes that work once; nothing else goes without."""
    missing: list[Any] = []
    for where, operation in operations(document):
        names = [parameter["name"] for parameter in operation.get("parameters", [])]
        signs_in = "/auth/" in where
        if where.startswith("POST") and not signs_in and "Idempotency-Key" not in names:
            missing.append(where)
    assert missing == []


def test_two_parts_of_one_name_are_refused_with_both_their_modules() -> None:
    here = msgspec.defstruct("Twin", [("a", int)], module="one.room")
    there = msgspec.defstruct("Twin", [("b", int)], module="another.room")
    with pytest.raises(TypeError, match=r"(one\.room.*another\.room|another\.room.*one\.room)"):
        describe([here, there])
