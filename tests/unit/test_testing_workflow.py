"""A workflow's definition can be read out of a template, whatever form CDK gave its references."""

from __future__ import annotations

import subprocess
import sys

import pytest

from constructs_lib.testing import (
    JsonValue,
    WorkflowTemplateError,
    state_machine_definition,
    state_machine_ids,
)

Template = dict[str, JsonValue]


def template(definition: JsonValue, **properties: JsonValue) -> Template:
    return {
        "Resources": {
            "Table": {"Type": "AWS::DynamoDB::Table"},
            "SignUp": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {"DefinitionString": definition, **properties},
            },
        }
    }


def joined(reference: JsonValue) -> Template:
    return template({"Fn::Join": ["", ['{"Comment": "', reference, '"}']]})


def comment(source: Template, **substitutions: str) -> JsonValue:
    definition = state_machine_definition(source, "SignUp", substitutions=substitutions)
    return definition["Comment"]


def test_state_machines_are_listed_by_their_logical_ids() -> None:
    assert state_machine_ids(template("{}")) == ["SignUp"]


def test_a_template_without_resources_has_no_state_machines() -> None:
    assert state_machine_ids({}) == []


def test_a_definition_given_as_text_is_parsed() -> None:
    assert comment(template('{"Comment": "plain"}')) == "plain"


GET_STACK_OUTPUT: JsonValue = {
    "Fn::GetStackOutput": {
        "StackName": "Data",
        "Region": {"Ref": "AWS::Region"},
        "OutputName": "PublishTableArn",
    }
}


@pytest.mark.parametrize(
    ("reference", "key"),
    [
        ({"Ref": "Table"}, "Table"),
        ({"Fn::GetAtt": ["Table", "Arn"]}, "Table.Arn"),
        ({"Fn::GetAtt": "Table.Arn"}, "Table.Arn"),
        ({"Fn::ImportValue": "Data:TableArn"}, "Data:TableArn"),
        ({"Fn::ImportValue": {"Fn::Join": [":", ["Data", "TableArn"]]}}, "Data:TableArn"),
        (GET_STACK_OUTPUT, "Data.PublishTableArn"),
        ({"Fn::Sub": "${Table.Arn}"}, "Table.Arn"),
        ({"Fn::Sub": ["${Local}", {"Local": {"Ref": "Table"}}]}, "Table"),
    ],
)
def test_a_reference_is_replaced_by_the_value_given_for_it(reference: JsonValue, key: str) -> None:
    assert comment(joined(reference), **{key: "the value"}) == "the value"


@pytest.mark.parametrize(
    ("name", "value"),
    [("Partition", "aws"), ("Region", "us-east-1"), ("AccountId", "123456789012")],
)
def test_the_place_of_deployment_has_defaults(name: str, value: str) -> None:
    assert comment(joined({"Ref": f"AWS::{name}"})) == value


def test_a_given_region_wins_over_the_default() -> None:
    assert comment(joined({"Ref": "AWS::Region"}), **{"AWS::Region": "eu-west-1"}) == "eu-west-1"


def test_an_escaped_variable_of_sub_stays_text() -> None:
    assert comment(joined({"Fn::Sub": "${!Table.Arn}"})) == "${Table.Arn}"


def test_numbers_in_a_join_become_text() -> None:
    assert comment(template({"Fn::Join": ["", ['{"Comment": ', 24, "}"]]})) == 24


def test_definition_substitutions_are_applied_to_the_finished_text() -> None:
    source = template(
        '{"Comment": "${table}"}', DefinitionSubstitutions={"table": {"Ref": "Table"}}
    )

    assert comment(source, Table='say "hello"') == 'say "hello"'


def test_a_definition_given_as_an_object_is_resolved_at_its_leaves() -> None:
    source: Template = {
        "Resources": {
            "SignUp": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {"Definition": {"Comment": {"Ref": "Table"}, "States": [1, None]}},
            }
        }
    }

    definition = state_machine_definition(source, "SignUp", substitutions={"Table": "users"})

    assert definition == {"Comment": "users", "States": [1, None]}


def test_an_unresolved_reference_is_named_with_the_remedy() -> None:
    with pytest.raises(WorkflowTemplateError, match=r"Fn::GetAtt 'Table.Arn'.*pass substitutions="):
        comment(joined({"Fn::GetAtt": ["Table", "Arn"]}))


@pytest.mark.parametrize(
    ("reference", "placeholder"),
    [
        ({"Fn::GetAtt": ["Table", "Arn"]}, "${Table.Arn}"),
        ({"Ref": "Table"}, "${Table}"),
        (GET_STACK_OUTPUT, "${Data.PublishTableArn}"),
    ],
)
def test_placeholders_stand_where_no_value_is_given(reference: JsonValue, placeholder: str) -> None:
    definition = state_machine_definition(
        joined(reference), "SignUp", substitutions={}, placeholders=True
    )

    assert definition == {"Comment": placeholder}


def test_a_value_given_wins_over_its_placeholder() -> None:
    definition = state_machine_definition(
        joined({"Ref": "Table"}), "SignUp", substitutions={"Table": "users"}, placeholders=True
    )

    assert definition == {"Comment": "users"}


@pytest.mark.parametrize("logical_id", ["Table", "Nothing"])
def test_what_is_no_state_machine_is_refused_with_those_there_are(logical_id: str) -> None:
    with pytest.raises(
        WorkflowTemplateError, match=f"got '{logical_id}'; the template has: SignUp"
    ):
        state_machine_definition(template("{}"), logical_id, substitutions={})


def test_a_definition_hidden_in_an_asset_is_refused_with_the_remedy() -> None:
    source = template("")
    resources = source["Resources"]
    assert isinstance(resources, dict)
    resources["SignUp"]["Properties"] = {"DefinitionS3Location": {"Bucket": "b", "Key": "k"}}

    with pytest.raises(WorkflowTemplateError, match=r"DefinitionS3Location.*from_chainable"):
        state_machine_definition(source, "SignUp", substitutions={})


@pytest.mark.parametrize(
    ("definition", "message"),
    [
        ({"Fn::Select": [0, ["a"]]}, "got Fn::Select"),
        ({"Fn::Join": ["", "text"]}, "Fn::Join must be given a list, got 'text'"),
        ({"Fn::Join": [""]}, r"Fn::Join must be given two items, got \[''\]"),
        ({"Ref": 1}, "Ref must be given text, got 1"),
        ({"a": 1, "b": 2}, "must be text or one CloudFormation function"),
        ("{", "must be JSON once resolved"),
        ("[]", "must be a JSON object"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_it_is(
    definition: JsonValue, message: str
) -> None:
    with pytest.raises(WorkflowTemplateError, match=message):
        state_machine_definition(template(definition), "SignUp", substitutions={})


def test_a_value_that_breaks_the_json_is_pointed_at() -> None:
    with pytest.raises(WorkflowTemplateError, match="substitution with quotes in it"):
        comment(joined({"Ref": "Table"}), Table='"')


def test_reading_templates_loads_neither_the_cdk_nor_moto() -> None:
    script = (
        "import sys, constructs_lib.testing;"
        "sys.exit(str([m for m in ('jsii', 'aws_cdk', 'moto', 'boto3') if m in sys.modules] or ''))"
    )
    finished = subprocess.run(  # noqa: S603 - a fixed program
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )

    assert finished.stderr.strip() == ""


def test_the_engine_does_not_load_the_cdk() -> None:
    script = (
        "import sys, constructs_lib.testing.moto_engine;"
        "sys.exit(str([m for m in ('jsii', 'aws_cdk') if m in sys.modules] or ''))"
    )
    finished = subprocess.run(  # noqa: S603 - a fixed program
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )

    assert finished.stderr.strip() == ""
