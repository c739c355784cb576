"""Accounts that the embedded AWS hands out: each once, apart from all others, and dropped whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing

import pytest
from botocore.exceptions import ClientError

from constructs_lib.local import EmbeddedAccount, EmbeddedAws
from constructs_lib.local.account_life import AccountLife
from tests.local.conftest import WaitUntil
from tests.local.workflows import ROLE

_WAITING = {
    "StartAt": "Wait",
    "States": {"Wait": {"Type": "Wait", "Seconds": 3600, "End": True}},
}


@pytest.fixture
def handed_out(aws: EmbeddedAws) -> Iterator[EmbeddedAccount]:
    account = aws.account(AccountLife(aws).new_account_id())
    yield account
    AccountLife(account).drop()


def _start(account: EmbeddedAccount, definition: object) -> str:
    with closing(account.client("stepfunctions")) as workflows:
        machine = workflows.create_state_machine(
            name="waiting", definition=json.dumps(definition), roleArn=ROLE
        )
        started = workflows.start_execution(stateMachineArn=machine["stateMachineArn"])
    return started["executionArn"]


def test_no_account_is_handed_out_twice(aws: EmbeddedAws) -> None:
    ids = [AccountLife(aws).new_account_id() for _ in range(20)]

    assert len({*ids}) == 20


def test_a_dropped_account_holds_nothing(handed_out: EmbeddedAccount) -> None:
    with closing(handed_out.client("sqs")) as sqs, closing(handed_out.client("s3")) as s3:
        sqs.create_queue(QueueName="orders")
        s3.create_bucket(Bucket="orders")
        _start(handed_out, _WAITING)
        AccountLife(handed_out).drop()

        assert sqs.list_queues().get("QueueUrls", []) == []
        assert s3.list_buckets()["Buckets"] == []
    assert AccountLife(handed_out).under_way() == []


def test_dropping_an_account_leaves_the_others_alone(
    aws: EmbeddedAws, handed_out: EmbeddedAccount
) -> None:
    other = aws.account(AccountLife(aws).new_account_id())
    for account in (other, handed_out):
        with closing(account.client("sqs")) as sqs:
            sqs.create_queue(QueueName="orders")

    AccountLife(other).drop()

    with closing(handed_out.client("sqs")) as sqs:
        assert len(sqs.list_queues()["QueueUrls"]) == 1


def test_two_that_were_handed_out_have_buckets_of_one_name(
    aws: EmbeddedAws, handed_out: EmbeddedAccount
) -> None:
    other = aws.account(AccountLife(aws).new_account_id())
    with closing(handed_out.client("s3")) as here, closing(other.client("s3")) as there:
        for s3 in (here, there):
            s3.create_bucket(Bucket="shop")
        here.put_object(Bucket="shop", Key="order", Body=b"")

        assert there.list_objects_v2(Bucket="shop")["KeyCount"] == 0
        assert here.list_objects_v2(Bucket="shop")["KeyCount"] == 1
    AccountLife(other).drop()


def test_accounts_of_ones_own_choice_share_bucket_names_as_on_aws(aws: EmbeddedAws) -> None:
    first, second = (aws.account(id_).client("s3") for id_ in ("300000000001", "300000000002"))
    with closing(first), closing(second):
        first.create_bucket(Bucket="taken")

        with pytest.raises(ClientError, match="BucketAlreadyExists"):
            second.create_bucket(Bucket="taken")
        first.delete_bucket(Bucket="taken")


def test_a_pause_on_a_held_clock_is_at_rest(
    handed_out: EmbeddedAccount, wait_until: WaitUntil
) -> None:
    life = AccountLife(handed_out)
    with handed_out.clock.hold():
        execution = _start(handed_out, _WAITING)
        # A clock that is held is moved by the test alone.
        assert wait_until(lambda: not life.under_way())
        handed_out.clock.advance(hours=1)

    assert wait_until(lambda: not life.under_way())
    with closing(handed_out.client("stepfunctions")) as workflows:
        assert workflows.describe_execution(executionArn=execution)["status"] == "SUCCEEDED"


def test_what_waits_for_an_answer_is_at_rest(
    handed_out: EmbeddedAccount, wait_until: WaitUntil
) -> None:
    with closing(handed_out.client("sqs")) as sqs:
        url = sqs.create_queue(QueueName="questions")["QueueUrl"]
    ask = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": url, "MessageBody": {"token.$": "$$.Task.Token"}},
        "End": True,
    }
    branches = [{"StartAt": name, "States": {name: ask}} for name in ("Ask Ada", "Ask Bob")]
    both = {"Type": "Parallel", "Branches": branches, "End": True}
    _start(handed_out, {"StartAt": "Both", "States": {"Both": both}})

    assert wait_until(lambda: not AccountLife(handed_out).under_way())
    with closing(handed_out.client("sqs")) as sqs:
        sizes = sqs.get_queue_attributes(
            QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
        )
    assert sizes["Attributes"]["ApproximateNumberOfMessages"] == "2"
