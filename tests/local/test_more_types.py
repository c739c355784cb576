"""Small CloudFormation types that MiniStack lacks: each is made, changed and removed for real."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from constructs_lib.local import EmbeddedAws
from constructs_lib.local.extensions import activity, email_template

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

    from tests.local.conftest import Stack


@pytest.fixture
def ses(aws: EmbeddedAws) -> Iterator[Any]:
    with closing(aws.client("ses")) as client:  # type: ignore[call-overload]  # has no stubs
        yield client


@pytest.fixture
def workflows(aws: EmbeddedAws) -> Iterator[SFNClient]:
    with closing(aws.client("stepfunctions")) as client:
        yield client


def _mail(**parts: str) -> dict[str, Any]:
    return {"Type": email_template.TYPE_NAME, "Properties": {"Template": parts}}


def test_a_template_of_mails_is_made_changed_and_removed(stack: Stack, ses: Any) -> None:
    assert stack.create(Mail=_mail(SubjectPart="Hi {{name}}", TextPart="t")) == "CREATE_COMPLETE"
    name = stack.physical_id("Mail")
    assert ses.get_template(TemplateName=name)["Template"]["SubjectPart"] == "Hi {{name}}"

    assert stack.update(Mail=_mail(SubjectPart="Hello", TextPart="t")) == "UPDATE_COMPLETE"
    assert ses.get_template(TemplateName=name)["Template"]["SubjectPart"] == "Hello"

    stack.delete()
    with pytest.raises(ClientError, match="TemplateDoesNotExist"):
        ses.get_template(TemplateName=name)


def test_a_template_with_a_new_name_takes_the_place_of_the_old(stack: Stack, ses: Any) -> None:
    stack.create(Mail=_mail(TemplateName=f"{stack.name}-a", SubjectPart="a"))

    assert stack.update(Mail=_mail(TemplateName=f"{stack.name}-b", SubjectPart="b")) == (
        "UPDATE_COMPLETE"
    )

    assert stack.physical_id("Mail") == f"{stack.name}-b"
    assert ses.get_template(TemplateName=f"{stack.name}-b")["Template"]["SubjectPart"] == "b"
    with pytest.raises(ClientError, match="TemplateDoesNotExist"):
        ses.get_template(TemplateName=f"{stack.name}-a")


def test_a_template_whose_name_is_taken_fails_its_stack(stack: Stack, ses: Any) -> None:
    ses.create_template(Template={"TemplateName": stack.name, "SubjectPart": "s"})

    assert stack.create(Mail=_mail(TemplateName=stack.name, SubjectPart="a")) == (
        "ROLLBACK_COMPLETE"
    )
    assert "already exists" in stack.reasons()


def test_an_activity_is_made_with_its_tags_and_removed(stack: Stack, workflows: SFNClient) -> None:
    def worker(team: str) -> dict[str, Any]:
        tags = [{"Key": "team", "Value": team}]
        return {"Type": activity.TYPE_NAME, "Properties": {"Name": stack.name, "Tags": tags}}

    assert stack.create(Worker=worker("a")) == "CREATE_COMPLETE"
    arn = stack.physical_id("Worker")
    assert workflows.describe_activity(activityArn=arn)["name"] == stack.name

    assert stack.update(Worker=worker("b")) == "UPDATE_COMPLETE"
    tags = workflows.list_tags_for_resource(resourceArn=arn)["tags"]
    assert tags == [{"key": "team", "value": "b"}]

    stack.delete()
    with pytest.raises(ClientError, match="ActivityDoesNotExist"):
        workflows.describe_activity(activityArn=arn)


@pytest.mark.parametrize("name", [activity.TYPE_NAME, email_template.TYPE_NAME])
def test_canary_plain_ministack_cannot_make_the_type(name: str) -> None:
    program = (
        "from ministack.services.cloudformation import provisioners as p; "
        f"print({name!r} in p._RESOURCE_HANDLERS)"
    )

    printed = subprocess.check_output([sys.executable, "-c", program], text=True)

    assert printed.strip() == "False"
