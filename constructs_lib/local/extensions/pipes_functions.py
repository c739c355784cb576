"""What a pipe asks on the way (its enrichment), and functions and APIs as what it delivers to.

An enrichment gets the whole batch and answers before anything is delivered. A list that it answers
is the new batch, anything else is a batch of one, an empty answer ends the matter; its failure is
the batch's. Functions and Express workflows get lists; an API gets each record in a call of its
own.

Source: EventBridge user guide, "Event enrichment in Amazon EventBridge Pipes", "Amazon EventBridge
Pipes targets" (read 2026-11-27). Inference: what an enrichment answers can no longer be told apart
by record, so that a failure behind it is that of the whole batch.
"""

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from http.client import HTTPException
from typing import cast

from ministack.services import eventbridge, lambda_svc, pipes, stepfunctions

from constructs_lib.local.extensions.answers import content, failed
from constructs_lib.local.extensions.fault_points import possible_faults
from constructs_lib.local.extensions.pipes_records import (
    Pipe,
    Record,
    dynamic,
    parameters,
    rendered,
)

# The longest that an API may take to answer EventBridge.
_ANSWER_SECONDS_MAX = 5


class CallFailedError(Exception):
    """A function, workflow or API did not do what the pipe asked of it; says why."""


def enriched(pipe: Pipe, records: Sequence[Record]) -> Sequence[Record]:
    """The batch as the pipe's enrichment gives it back; the batch itself where there is none.

    Raises:
        CallFailedError: The enrichment failed.
        ValueError: The enrichment's input template does not make JSON of a record.
    """
    arn = str(pipe.get("Enrichment") or "")
    if not arn:
        return records
    template = parameters(pipe, "EnrichmentParameters").get("InputTemplate")
    inputs = [rendered(pipe, template, record) for record in records]
    if pipes._arn_service(arn) == "events":
        http_parameters = parameters(pipe, "EnrichmentParameters", "HttpParameters")
        answers = [
            call_api(arn, each, record, http_parameters)
            for each, record in zip(inputs, records, strict=True)
        ]
        return [cast(Record, answer) for answer in answers if answer]
    ask = call_function if pipes._arn_service(arn) == "lambda" else _run_express
    answer = ask(arn, inputs)
    if isinstance(answer, list):
        return cast(Sequence[Record], answer)
    return [cast(Record, answer)] if answer else []


def call_function(arn: str, event: object) -> object:
    """What a function answers.

    Raises:
        CallFailedError: There is no such function, or it failed.
    """
    try:
        with possible_faults("lambda", "Invoke", {"FunctionName": arn}):
            return cast(object, stepfunctions._call_lambda(arn, event))
    except stepfunctions._ExecutionError as error:
        raise CallFailedError(f"{error.error}: {error.cause}") from error


def invoke_function(arn: str, event: object) -> None:
    """Have a function run, whatever becomes of it.

    Raises:
        CallFailedError: There is no such function.
    """
    function, configuration, name = lambda_svc._get_func_record_for_ref(arn)
    if not function or not configuration:
        raise CallFailedError(f"ResourceNotFoundException: {name} does not exist")
    record = lambda_svc._execution_record_for_config(function, configuration)
    with possible_faults("lambda", "Invoke", {"FunctionName": arn}):
        lambda_svc.invoke_async_with_retry(record, event)


def call_api(arn: str, body: object, record: Record, http_parameters: Record) -> object:
    """What the API of a destination answers: JSON where it is, else text.

    Raises:
        CallFailedError: There is no such destination, or its API did not take the call.
    """
    destination = eventbridge._api_destinations.get(arn.split("/")[1])
    if not destination:
        raise CallFailedError(f"{arn} does not exist")
    name = str(destination.get("ConnectionArn")).rsplit("/", 1)[-1]
    connection = eventbridge._connections.get(name) or {}
    request = eventbridge._build_api_destination_request(
        destination, connection, _resolved(record, http_parameters), json.dumps(body)
    )
    key = (eventbridge.get_account_id(), eventbridge.get_region(), name)
    try:
        authorization = eventbridge._connection_auth_headers(connection, key)
        wanted = urllib.request.Request(  # noqa: S310 - as the destination says
            request["url"],
            data=request["body"].encode(),
            headers={**request["headers"], **authorization},
            method=request["method"],
        )
        with urllib.request.urlopen(wanted, timeout=_ANSWER_SECONDS_MAX) as answer:  # noqa: S310 - as above
            text = answer.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        raise CallFailedError(f"the API answered with HTTP status {error.code}") from error
    except (OSError, ValueError, HTTPException) as error:
        raise CallFailedError("the API gave no answer") from error
    try:
        return cast(object, json.loads(text))
    except ValueError:
        return text


def _run_express(arn: str, inputs: object) -> object:
    request = {"stateMachineArn": arn, "input": json.dumps(inputs)}
    with possible_faults("stepfunctions", "StartSyncExecution", request):
        answer = stepfunctions._start_sync_execution(request)
    result = content(answer)
    if failed(answer) or result.get("status") != "SUCCEEDED":
        name = result.get("__type") or result.get("error") or result.get("status")
        raise CallFailedError(f"{name}: {result.get('message') or result.get('cause') or ''}")
    return cast(object, json.loads(str(result["output"])))


def _resolved(record: Record, http_parameters: Record) -> Mapping[str, object]:
    """The parameters of a call, with what their paths find in the record."""

    def value(found: object) -> object:
        if isinstance(found, dict):
            return {name: value(each) for name, each in found.items()}
        if isinstance(found, list):
            return [value(each) for each in found]
        return dynamic(record, found)

    return {name: value(found) for name, found in http_parameters.items()}
