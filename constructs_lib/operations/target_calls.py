"""The calls with which EventBridge reaches its targets, made by an operator."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING, cast

from constructs_lib.operations.api_call import ApiCalls, UndeliverableError
from constructs_lib.operations.clients import Clients, environment_clients
from constructs_lib.operations.dead_letter import DeadLetter

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

_Target = Mapping[str, object]


class TargetCalls:
    """Deliver to a target with the caller's own rights. Each call raises what its client raises."""

    def __init__(self, clients: Clients = environment_clients) -> None:
        self._clients = clients
        self._queue_url = cache(self._url_of_queue)

    def deliver(self, target: _Target, text: str, letter: DeadLetter) -> None:
        """Send ``text``, the target's input for the letter's event.

        Raises:
            UndeliverableError: Nobody but EventBridge can deliver to such a target.
        """
        arn = str(target["Arn"])
        match arn.split(":")[2:]:
            case ["lambda", *_]:
                self.invoke(arn, text)
            case ["sqs", *_]:
                group = cast(Mapping[str, str], target.get("SqsParameters") or {})
                self._sqs.send_message(QueueUrl=self._queue_url(arn), MessageBody=text, **group)  # type: ignore[arg-type]  # MessageGroupId or nothing
            case ["sns", *_]:
                self._sns.publish(TopicArn=arn, Message=text)
            case ["states", *_]:
                self._start(arn, text, letter)
            case ["events", *_, resource] if resource.startswith("event-bus/"):
                self._publish(arn, letter.event)
            case ["events", *_, resource] if resource.startswith("api-destination/"):
                self._apis.call(target, text, letter.event)
            case _:
                raise UndeliverableError(
                    f"only EventBridge can deliver to {arn}; "
                    "replay the event from the archive to this rule alone"
                )

    def invoke(self, function_arn: str, payload: str) -> None:
        """Hand ``payload`` to Lambda, which tries thrice and keeps what fails."""
        self._lambda.invoke(
            FunctionName=function_arn, InvocationType="Event", Payload=payload.encode()
        )

    def send_back(self, letter: DeadLetter) -> None:
        """Send the message, as it was, to the queue it came from."""
        message = letter.message
        system = cast(Mapping[str, str], message.get("Attributes", {}))
        group = system.get("MessageGroupId")
        fifo = (
            {"MessageGroupId": group, "MessageDeduplicationId": message["MessageId"]}
            if group
            else {}
        )
        self._sqs.send_message(
            QueueUrl=self._queue_url(letter.target),
            MessageBody=message["Body"],
            MessageAttributes=message.get("MessageAttributes", {}),
            **fifo,  # type: ignore[arg-type]  # as the literals say
        )

    def _start(self, workflow_arn: str, text: str, letter: DeadLetter) -> None:
        # The same letter makes no second execution, even if its deletion failed.
        name = f"{letter.event.get('id', 'redrive')}_{letter.message['MessageId']}"
        with contextlib.suppress(self._workflows.exceptions.ExecutionAlreadyExists):
            self._workflows.start_execution(stateMachineArn=workflow_arn, input=text, name=name)

    def _publish(self, bus_arn: str, event: Mapping[str, object]) -> None:
        entry = {
            "EventBusName": bus_arn,
            "Source": event["source"],
            "DetailType": event["detail-type"],
            "Detail": json.dumps(event["detail"]),
            "Resources": event["resources"],
            "Time": event["time"],
        }
        answer = self._events.put_events(Entries=[entry])  # type: ignore[list-item]  # the stub wants its own TypedDict
        result = answer["Entries"][0]
        if "ErrorCode" in result:
            raise UndeliverableError(f"{result['ErrorCode']}: {result.get('ErrorMessage')}")

    # Making a client takes a while, and few queues need them all.

    @cached_property
    def _lambda(self) -> LambdaClient:
        client: LambdaClient = self._clients("lambda")
        return client

    @cached_property
    def _sqs(self) -> SQSClient:
        client: SQSClient = self._clients("sqs")
        return client

    @cached_property
    def _sns(self) -> SNSClient:
        client: SNSClient = self._clients("sns")
        return client

    @cached_property
    def _workflows(self) -> SFNClient:
        client: SFNClient = self._clients("stepfunctions")
        return client

    @cached_property
    def _events(self) -> EventBridgeClient:
        client: EventBridgeClient = self._clients("events")
        return client

    @cached_property
    def _apis(self) -> ApiCalls:
        return ApiCalls(self._clients)

    def _url_of_queue(self, arn: str) -> str:
        *_, account, name = arn.split(":")
        return self._sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
