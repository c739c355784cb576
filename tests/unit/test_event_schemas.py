"""Contracts in a schema registry: what is made of them, in the draft that the registry takes."""

import json
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from aws_cdk import Stack, Token
from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Template
from pydantic import BaseModel, Field, create_model

from constructs_lib.choreography import EventSchemas
from constructs_lib.contracts import EventContract, registry_schema
from constructs_lib.validation import ConfigError
from tests.unit.order_placed import order_placed


class _Note(BaseModel):
    text: str


def _contract(
    name: str = "NoteWritten", model: type = _Note, version: str = "1.0"
) -> EventContract:
    return EventContract(name=name, version=version, source="shop/notes", detail_model=model)


def _draft_4(field: Any) -> dict[str, Any]:
    """The schema of one field in the registry's draft."""
    model = create_model("Model", f=(field, ...))
    content = json.loads(registry_schema(_contract(model=model)))
    schema: dict[str, Any] = content["definitions"]["NoteWritten"]["properties"]["f"]
    return {keyword: value for keyword, value in schema.items() if keyword != "title"}


def test_a_registry_has_a_schema_per_contract_under_the_name_that_aws_gives(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    schemas = EventSchemas(stack, "Schemas", contracts=[_contract(), order_placed(version="2.0")])

    template = synthesize()
    assert list(schemas.schemas) == ["shop-notes@NoteWritten", "shop-checkout@OrderPlaced.v2"]
    template.resource_count_is("AWS::EventSchemas::Registry", 1)
    template.has_resource_properties(
        "AWS::EventSchemas::Schema",
        {
            "RegistryName": stack.resolve(schemas.registry.attr_registry_name),
            "SchemaName": "shop-checkout@OrderPlaced.v2",
            "Type": "JSONSchemaDraft4",
            "Description": "An order has been placed and paid.",
            "Content": registry_schema(order_placed(version="2.0")),
        },
    )


def test_a_description_reaches_the_registry(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    EventSchemas(stack, "Schemas", contracts=[_contract()], description="Notes")

    synthesize().has_resource_properties("AWS::EventSchemas::Registry", {"Description": "Notes"})


def test_a_description_known_at_deployment_is_left_alone(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    description = Token.as_string({"Ref": "AWS::StackName"})

    EventSchemas(stack, "Schemas", contracts=[_contract()], description=description)

    synthesize().has_resource_properties(
        "AWS::EventSchemas::Registry", {"Description": {"Ref": "AWS::StackName"}}
    )


def test_a_long_description_of_a_contract_is_cut_where_aws_wants_it(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    contract = EventContract(
        name="NoteWritten", source="shop", detail_model=_Note, description="d" * 300
    )

    EventSchemas(stack, "Schemas", contracts=[contract])

    synthesize().has_resource_properties("AWS::EventSchemas::Schema", {"Description": "d" * 256})


def test_two_registries_fit_in_one_stack(stack: Stack, synthesize: Callable[[], Template]) -> None:
    for id_ in ("First", "Second"):
        EventSchemas(stack, id_, contracts=[_contract()])

    synthesize().resource_count_is("AWS::EventSchemas::Schema", 2)


def test_a_user_may_change_the_registry_itself(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    schemas = EventSchemas(stack, "Schemas", contracts=[_contract()])

    schemas.node.default_child.registry_name = "notes"  # type: ignore[union-attr]  # a CfnRegistry

    synthesize().has_resource_properties("AWS::EventSchemas::Registry", {"RegistryName": "notes"})


def test_a_reader_may_read_this_registry_and_change_nothing(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    schemas = EventSchemas(stack, "Schemas", contracts=[_contract()])
    reader = iam.User(stack, "Reader")

    grant = schemas.grant_read(reader)

    assert grant.success
    (policy,) = synthesize().find_resources("AWS::IAM::Policy").values()
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert {action.removeprefix("schemas:")[:4] for action in statement["Action"]} == {
        *("Desc", "Expo", "GetC", "List", "Sear")
    }
    registry = stack.resolve(schemas.registry.attr_registry_arn)
    assert statement["Resource"][0] == registry
    assert ":schema/" in str(statement["Resource"][1])
    assert str(stack.resolve(schemas.registry.attr_registry_name)) in str(statement["Resource"][1])


def test_a_registry_of_nothing_is_refused(stack: Stack) -> None:
    with pytest.raises(ConfigError, match="contracts must be a list of at least one"):
        EventSchemas(stack, "Schemas", contracts=[])


def test_two_contracts_of_one_name_are_refused(stack: Stack) -> None:
    with pytest.raises(ConfigError, match="got 'shop-notes@NoteWritten' twice"):
        EventSchemas(stack, "Schemas", contracts=[_contract(), _contract(version="1.1")])


# ── Draft 4 ──────────────────────────────────────────────────────────────────────────────────────


def test_the_content_is_the_whole_event_as_aws_exports_it() -> None:
    content = json.loads(registry_schema(_contract(version="3.1")))

    assert content["$schema"] == "http://json-schema.org/draft-04/schema#"
    assert content["title"] == content["x-amazon-events-detail-type"] == "NoteWritten.v3"
    assert content["x-amazon-events-source"] == "shop/notes"
    assert content["properties"]["detail"] == {"$ref": "#/definitions/NoteWritten"}
    assert content["definitions"]["NoteWritten"]["required"] == ["text"]


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (Annotated[int, Field(gt=0, le=9)], {"minimum": 0, "exclusiveMinimum": True, "maximum": 9}),
        (
            Annotated[float, Field(ge=1, lt=2)],
            {"minimum": 1, "maximum": 2, "exclusiveMaximum": True},
        ),
        (Annotated[int, Field(gt=1, ge=2)], {"minimum": 2}),
        (Annotated[int, Field(examples=[1], deprecated=True)], {}),
        (str | None, {"anyOf": [{"type": "string"}, {"type": "null"}]}),
        (list[bool], {"items": {"type": "boolean"}}),
        (dict[str, int], {"additionalProperties": {"type": "integer"}}),
        (
            tuple[int, str],
            {"items": [{"type": "integer"}, {"type": "string"}], "minItems": 2, "maxItems": 2},
        ),
    ],
)
def test_a_field_says_the_same_in_draft_4(field: Any, expected: dict[str, object]) -> None:
    schema = _draft_4(field)

    assert {keyword: value for keyword, value in schema.items() if keyword != "type"} == expected


def test_what_stands_beside_a_reference_is_not_lost() -> None:
    schema = _draft_4(Annotated[_Note, Field(description="d")])

    assert schema == {
        "description": "d",
        "allOf": [{"$ref": "#/definitions/NoteWritten__Note"}],
    }


def test_what_draft_4_cannot_say_is_refused_by_place() -> None:
    keys = Annotated[dict[Annotated[str, Field(min_length=2)], int], Field()]

    with pytest.raises(
        ConfigError,
        match=r"NoteWritten\.properties\.f\.propertyNames must have a counterpart in draft 4",
    ):
        _draft_4(keys)


def test_a_schema_longer_than_the_registry_takes_is_refused() -> None:
    model = create_model("Long", **{f"f{index}": (str, ...) for index in range(3000)})  # type: ignore[call-overload]  # fields by name

    with pytest.raises(ConfigError, match="must have at most 100000 characters"):
        registry_schema(_contract(model=model))
