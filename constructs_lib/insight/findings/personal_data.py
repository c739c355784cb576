"""Personal data where it stays for long and many can read it: logs and names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from constructs_lib.insight.findings.finding import FindingRule, Hit
from constructs_lib.insight.model import Assembly, State, Workflow
from constructs_lib.templates.json_value import JsonValue

_LINK_LOGS = "https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html"
#: How a name of a field ends, in words, if it holds personal data.
_PERSONAL = re.compile(
    r"(?:^| )(?:e ?mail(?: address)?|phone(?: number)?|mobile(?: number)?|password|passwd"
    r"|(?:first|last|full|given|family|middle|user) ?name|surname|ssn|social security number"
    r"|birth ?(?:day|date)|date of birth|iban|passport(?: number)?|card number"
    r"|(?:street|postal|home|billing|shipping) ?address)$"
)
#: What such names begin with when they tell of an action or a fact, and hold none.
_NO_DATA = re.compile(
    r"(?:send|notify|verify|validate|check|confirm|require|skip|has|is|should|can|use|enable)s? "
)
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_ACCESS = re.compile(r"[.$'\"]([A-Za-z][A-Za-z0-9_-]*)")
#: Fields that hold states, which are told by themselves.
_INNER_STATES = ("Branches", "ItemProcessor", "Iterator")
_START_EXECUTION = "startExecution"


def is_personal(name: str) -> bool:
    """Whether a field of that name holds personal data, as far as a name tells."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[_\-.]", " ", name).lower()
    return _PERSONAL.search(words) is not None and _NO_DATA.match(words) is None


def personal_fields(value: JsonValue) -> Iterator[str]:
    """Fields that a value writes or reads and whose names tell of personal data."""
    if isinstance(value, str):
        if "$" in value or "{%" in value or "<" in value:
            yield from (name for name in _ACCESS.findall(value) if is_personal(name))
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            name = str(key).removesuffix(".$")
            if _IDENTIFIER.fullmatch(name) and is_personal(name):
                yield name
            yield from personal_fields(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from personal_fields(inner)


def _of_workflow(workflow: Workflow) -> list[str]:
    """Such fields of all states, whose own names are none."""
    found = (
        name
        for state in workflow.machine.all_states()
        for field, value in state.fields.items()
        if field not in _INNER_STATES
        for name in personal_fields(value)
    )
    return list(dict.fromkeys(found))


def _in_logs(assembly: Assembly) -> Iterator[Hit]:
    for workflow in assembly.workflows:
        fields = _of_workflow(workflow) if _logs_data(workflow) else []
        if fields:
            yield Hit(
                place=workflow.resource.place,
                what=f"workflow {workflow.resource.name!r} writes the data of its executions to "
                f"its log, with {_listed(fields)}",
            )
    for bus in assembly.buses:
        if bus.resource is None or not _logs_detail(bus.resource.properties.get("LogConfig")):
            continue
        found = [
            name
            for publication in assembly.publications
            if publication.bus == bus.key
            for name in personal_fields(publication.detail)
        ]
        if found:
            yield Hit(
                place=bus.resource.place,
                what=f"bus {bus.name!r} logs whole events, with {_listed(found)}",
            )


def _whole_content(assembly: Assembly) -> Iterator[Hit]:
    for workflow in assembly.workflows:
        if _logs_data(workflow) and not _of_workflow(workflow):
            yield Hit(
                place=workflow.resource.place,
                what=f"workflow {workflow.resource.name!r} writes all input and output to its log",
            )
    for pipe in assembly.pipes:
        configured = pipe.resource.properties.get("LogConfiguration")
        if isinstance(configured, Mapping) and configured.get("IncludeExecutionData"):
            yield Hit(
                place=pipe.resource.place,
                what=f"pipe {pipe.resource.name!r} writes whole records to its log",
            )
    for function in assembly.functions:
        if str(function.environment.get("POWERTOOLS_LOGGER_LOG_EVENT")).lower() in ("true", "1"):
            yield Hit(
                place=function.resource.place,
                what=f"function {function.resource.name!r} logs every event it is called with "
                "(POWERTOOLS_LOGGER_LOG_EVENT)",
            )


def _logs_data(workflow: Workflow) -> bool:
    return workflow.logs_execution_data and workflow.logging_level != "OFF"


def _logs_detail(configured: JsonValue) -> bool:
    return (
        isinstance(configured, Mapping)
        and configured.get("IncludeDetail") == "FULL"
        and configured.get("Level") not in (None, "OFF")
    )


def _in_names(assembly: Assembly) -> Iterator[Hit]:
    for workflow in assembly.workflows:
        for state in workflow.machine.all_states():
            for what, value in _names(state):
                fields = list(dict.fromkeys(personal_fields(value)))
                if fields:
                    yield Hit(
                        place=workflow.resource.place,
                        state=state.full_name,
                        subject=what,
                        what=f"{state.name!r} puts {_listed(fields)} into {what}",
                    )


def _names(state: State) -> Iterator[tuple[str, JsonValue]]:
    if state.type == "Fail":
        for name in ("Cause", "CausePath", "Error", "ErrorPath"):
            yield f"the {name} of a failure", state.fields.get(name)
    task = state.task
    if task is not None and task.action == _START_EXECUTION:
        for name in ("Name", "Name.$"):
            yield "the name of an execution", task.parameters.get(name)
    if task is not None and task.service == "sqs":
        for name in ("MessageGroupId", "MessageGroupId.$"):
            yield "the group of a message", task.parameters.get(name)


def _listed(fields: list[str]) -> str:
    return ", ".join(repr(name) for name in dict.fromkeys(fields))


RULES = (
    FindingRule(
        id="personal-data-in-logs",
        severity="warning",
        title="Personal data in logs",
        why="Logs are kept apart from the data, read by more people, and are in no export or "
        "deletion on request.",
        remedy="set IncludeExecutionData to false (IncludeDetail to NONE), or pass identifiers "
        "instead of the data",
        link=_LINK_LOGS,
        find=_in_logs,
    ),
    FindingRule(
        id="whole-content-in-logs",
        severity="note",
        title="Whole payloads in logs",
        why="Whatever comes one day is logged with it, personal data too.",
        remedy="log identifiers; switch content on for the time of a search only",
        link=_LINK_LOGS,
        find=_whole_content,
    ),
    FindingRule(
        id="personal-data-in-names",
        severity="warning",
        title="Personal data in names and causes",
        why="Names of executions and causes of failures show in consoles, metrics, events and "
        "mails of alarms, and cannot be deleted.",
        remedy="use an id or a hash",
        link="https://docs.aws.amazon.com/step-functions/latest/apireference/"
        "API_StartExecution.html",
        find=_in_names,
    ),
)
