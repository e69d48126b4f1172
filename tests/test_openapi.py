"""The description of the interface is true: whatever it allows is answered as it says."""

import pytest
import schemathesis
from fakes import fake_app
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from app.unreadable import KINDS

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]
schema = schemathesis.openapi.from_wsgi("/openapi.json", fake_app())


@schema.parametrize()
@settings(max_examples=25, suppress_health_check=list(HealthCheck))
def test_every_answer_is_one_that_the_description_tells_of(case):
    case.call_and_validate(checks=CHECKS)


def test_every_route_is_described(app):
    described = app.test_client().get("/openapi.json").get_json()
    assert described["openapi"].startswith("3.1")
    apart = ("/static/", "/docs", "/openapi.json")
    names = set()
    unreadable = {"400", *(str(kind.code) for kind in KINDS.values())}
    for rule in app.url_map.iter_rules():
        path = rule.rule.replace("<", "{").replace(">", "}")
        if rule.rule == "/" or path.startswith(apart):
            continue
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            operation = described["paths"][path][method.lower()]
            assert operation["operationId"] not in names
            names.add(operation["operationId"])
            assert operation["summary"].endswith(".")
            assert unreadable <= set(operation["responses"])
            assert ("304" in operation["responses"]) <= (method == "GET")


def test_nothing_is_described_that_no_route_has(app):
    description = app.test_client().get("/openapi.json")
    text, parts = description.text, description.get_json()["components"]
    unused = [name for kind, named in parts.items() for name in named if f'"#/components/{kind}/{name}"' not in text]
    assert unused == []


@pytest.mark.parametrize("name", ["digit", "seed", "count", "columns", "scale", "truncation", "background", "model"])
def test_every_parameter_is_explained(app, name):
    operation = app.test_client().get("/openapi.json").get_json()["paths"]["/generate"]["get"]
    (parameter,) = [found for found in operation["parameters"] if found["name"] == name]
    assert parameter["description"]
    assert parameter["required"] is False
