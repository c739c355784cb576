"""The way from a new user to a contact in the CRM, as the example's hybrid stack has it."""

import json
from pathlib import Path
from typing import Any

import pytest

from app import CRM_ENDPOINT_CONTEXT_KEY, CRM_SECRET_CONTEXT_KEY, build_app
from constructs_lib.validation import ConfigError

_ENDPOINT = "https://acme.freshdesk.com/api/v2/contacts"
_CRM_TYPES = {"AWS::Events::Connection", "AWS::Events::ApiDestination"}


def _resources(folder: Path, **context: str) -> list[dict[str, Any]]:
    build_app(outdir=str(folder), context=context).synth()
    template = json.loads((folder / "DuetHybrid.template.json").read_text(encoding="utf-8"))
    return list(template["Resources"].values())


@pytest.fixture(scope="module")
def resources(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    context = {CRM_ENDPOINT_CONTEXT_KEY: _ENDPOINT, CRM_SECRET_CONTEXT_KEY: "acme/freshdesk"}
    return _resources(tmp_path_factory.mktemp("assembly"), **context)


def _only(resources: list[dict[str, Any]], type_name: str) -> dict[str, Any]:
    (properties,) = [r["Properties"] for r in resources if r["Type"] == type_name]
    return dict(properties)


def _contact_target(resources: list[dict[str, Any]]) -> dict[str, Any]:
    (rule,) = [
        r["Properties"]
        for r in resources
        if r["Type"] == "AWS::Events::Rule" and "UserSignedUp" in json.dumps(r["Properties"])
    ]
    (target,) = rule["Targets"]
    return dict(target)


def test_without_an_endpoint_there_is_no_crm_so_that_the_app_deploys_anywhere(
    tmp_path: Path,
) -> None:
    resources = _resources(tmp_path)

    assert not _CRM_TYPES & {resource["Type"] for resource in resources}


def test_the_endpoint_of_the_context_is_called(resources: list[dict[str, Any]]) -> None:
    destination = _only(resources, "AWS::Events::ApiDestination")

    assert (destination["HttpMethod"], destination["InvocationEndpoint"]) == ("POST", _ENDPOINT)


@pytest.mark.parametrize(
    "endpoint", ["http://127.0.0.1:8080/api/v2/contacts", "acme.freshdesk.com"]
)
def test_an_endpoint_without_https_is_refused(tmp_path: Path, endpoint: str) -> None:
    with pytest.raises(ConfigError, match="endpoint must be an HTTPS URL"):
        build_app(outdir=str(tmp_path), context={CRM_ENDPOINT_CONTEXT_KEY: endpoint})


def test_the_whole_header_is_the_secret_of_the_context(resources: list[dict[str, Any]]) -> None:
    connection = _only(resources, "AWS::Events::Connection")

    key = connection["AuthParameters"]["ApiKeyAuthParameters"]
    assert key["ApiKeyName"] == "Authorization"
    value = "".join(part for part in key["ApiKeyValue"]["Fn::Join"][1] if isinstance(part, str))
    assert value.startswith("{{resolve:secretsmanager:")
    assert value.endswith(":secret:acme/freshdesk:SecretString:authorization::}}")


def test_the_call_carries_the_users_id_and_nothing_else(resources: list[dict[str, Any]]) -> None:
    transformer = _contact_target(resources)["InputTransformer"]

    assert transformer["InputPathsMap"] == {"detail-userId": "$.detail.userId"}


def test_the_call_carries_the_correlation_id(resources: list[dict[str, Any]]) -> None:
    headers = _contact_target(resources)["HttpParameters"]["HeaderParameters"]

    assert headers == {"X-Correlation-Id": "$.detail.correlationId"}
