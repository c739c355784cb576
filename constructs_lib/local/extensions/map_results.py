"""What a Distributed Map tells of its child executions: as its result, or in files in S3.

Under ``<Prefix>/<id of the Map Run>/`` lie ``SUCCEEDED_0.json``, ``FAILED_0.json`` (with those that
timed out or were aborted), ``PENDING_0.json`` (not started, as the Map Run ended before) and
``manifest.json``, which names them; also when the Map Run fails. A slash at the prefix's end makes
no empty folder: AWS does not say. AWS begins further files at 5 GB.
Source: Step Functions developer guide, "ResultWriter" (read 2026-11-23).
"""

import json
from collections.abc import Mapping, Sequence
from typing import cast

from ministack.services import stepfunctions

from constructs_lib.local.extensions.map_fields import Fields, MapFields

_PUT_OBJECT = "arn:aws:states:::s3:putObject"
_SDK_PUT_OBJECT = "arn:aws:states:::aws-sdk:s3:putObject"
_INCLUDED = {"Included": True}
Execution = Mapping[str, object]


def results(fields: MapFields, children: Sequence[Execution]) -> list[object]:
    """The result of a Map whose results stay in the execution."""
    writer = cast(Fields, fields.state.get("ResultWriter") or {})
    return _transformed(children, _transformation(writer, default="COMPACT"))


def write_results(
    fields: MapFields, map_run_arn: str, children: Sequence[Execution], pending: Sequence[object]
) -> dict[str, object] | None:
    """Write the files, if the state asks for it; the result then says where.

    Raises:
        States.ResultWriterFailed: S3 refused a file.
    """
    writer = cast(Fields, fields.state.get("ResultWriter") or {})
    if "Resource" not in writer:
        return None
    if writer["Resource"] != _PUT_OBJECT:
        raise stepfunctions._ExecutionError(
            "States.Runtime", f"ResultWriter must have the resource {_PUT_OBJECT}"
        )
    arguments = fields.arguments(writer)
    bucket = str(arguments.get("Bucket"))
    prefix = str(arguments.get("Prefix") or "").removesuffix("/")
    folder = "/".join(filter(None, (prefix, map_run_arn.rpartition(":")[2])))
    succeeded = [child for child in children if child["status"] == "SUCCEEDED"]
    failed = [child for child in children if child["status"] != "SUCCEEDED"]
    contents: dict[str, list[object]] = {
        "FAILED": [_record(child) for child in failed],
        "PENDING": [_pending_record(value) for value in pending],
        "SUCCEEDED": _transformed(succeeded, _transformation(writer, default="NONE")),
    }
    config = cast(Fields, writer.get("WriterConfig") or {})
    files: dict[str, list[object]] = {status: [] for status in contents}
    for status, records in contents.items():
        if records:
            text = _text(records, str(config.get("OutputType", "JSON")))
            key = f"{folder}/{status}_0.json"
            _put(bucket, key, text)
            files[status] = [{"Key": key, "Size": len(text.encode())}]
    manifest = {"DestinationBucket": bucket, "MapRunArn": map_run_arn, "ResultFiles": files}
    key = f"{folder}/manifest.json"
    _put(bucket, key, json.dumps(manifest))
    return {"MapRunArn": map_run_arn, "ResultWriterDetails": {"Bucket": bucket, "Key": key}}


def _transformation(writer: Fields, *, default: str) -> str:
    return str(cast(Fields, writer.get("WriterConfig") or {}).get("Transformation", default))


def _transformed(children: Sequence[Execution], transformation: str) -> list[object]:
    found: list[object] = []
    for child in children:
        if transformation == "NONE" or child["status"] != "SUCCEEDED":
            # A child without output is told of as it is.
            found.append(_record(child))
            continue
        output = json.loads(str(child["output"]))
        if transformation == "FLATTEN" and isinstance(output, list):
            found += output
        else:
            found.append(output)
    return found


def _record(child: Execution) -> dict[str, object]:
    record: dict[str, object] = {
        "ExecutionArn": child["executionArn"],
        "Input": child["input"],
        "InputDetails": _INCLUDED,
        "Name": child["name"],
        "RedriveCount": 0,
        "StartDate": child["startDate"],
        "StateMachineArn": child["stateMachineArn"],
        "Status": child["status"],
        "StopDate": child["stopDate"],
    }
    if child["status"] == "SUCCEEDED":
        return record | {
            "Output": child["output"],
            "OutputDetails": _INCLUDED,
            "RedriveStatus": "NOT_REDRIVABLE",
            "RedriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
        }
    told = {"Error": child.get("error"), "Cause": child.get("cause")}
    record["RedriveStatus"] = "REDRIVABLE"
    return record | {name: value for name, value in told.items() if value}


def _pending_record(value: object) -> dict[str, object]:
    return {"Input": json.dumps(value), "InputDetails": _INCLUDED, "Status": "PENDING"}


def _text(records: Sequence[object], output_type: str) -> str:
    if output_type == "JSONL":
        return "".join(f"{json.dumps(record)}\n" for record in records)
    return json.dumps(records)


def _put(bucket: str, key: str, text: str) -> None:
    request = {"Bucket": bucket, "Key": key, "Body": text, "ContentType": "application/json"}
    try:
        stepfunctions._invoke_aws_sdk_integration(_SDK_PUT_OBJECT, request)
    except stepfunctions._ExecutionError as error:
        raise stepfunctions._ExecutionError(
            "States.ResultWriterFailed", f"{bucket}/{key}: {error.cause}"
        ) from error
