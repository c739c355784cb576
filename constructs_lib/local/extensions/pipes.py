"""Upstream gap: MiniStack's pipes forget all parameters of source, target and log.

It reads a DynamoDB stream and hands whole batches to a topic or a workflow. What else a pipe does
(filters, enrichment, input templates, batch sizes, retries, dead letters, queues as sources, and
most targets) is in the other modules of this name; here the parameters are kept, so that they can
be acted on and described.

Another source or target is refused by its name when the pipe is made. Not emulated: batching
windows, parallel batches, the target's throttling, and the stop of a pipe that keeps failing.
Source: EventBridge user guide, "Amazon EventBridge Pipes"; Pipes API reference (read 2026-11-23).
"""

from collections.abc import Callable, Mapping
from typing import cast

from ministack.services import pipes
from ministack.services.cloudformation import provisioners

from constructs_lib.local.extensions import pipes_polling
from constructs_lib.local.extensions.answers import Answer, Properties, Resource, failed

TYPE_NAME = "AWS::Pipes::Pipe"
_KEPT = (
    "Enrichment",
    "EnrichmentParameters",
    "LogConfiguration",
    "SourceParameters",
    "TargetParameters",
)
#: Services by the field that may name them.
_EMULATED = {
    "Source": ("dynamodb", "sqs"),
    "Enrichment": ("events", "lambda", "states"),
    "Target": ("events", "lambda", "logs", "sns", "sqs", "states"),
}
_Pipe = dict[str, object]
_Request = Callable[[str, Properties], Answer]


def register() -> None:
    """Keep the parameters of a pipe however it is made, and poll in the way they ask for."""
    pipes._create_pipe = _keeping(pipes._create_pipe, is_new=True)
    pipes._update_pipe = _keeping(pipes._update_pipe, is_new=False)
    pipes._describe_response = _describing(pipes._describe_response)
    # A replacement calls the name, a new resource the table's entry.
    provisioners._pipes_pipe_create = _creating(provisioners._pipes_pipe_create)
    provisioners._RESOURCE_HANDLERS[TYPE_NAME] = {
        **provisioners._RESOURCE_HANDLERS[TYPE_NAME],
        "create": provisioners._pipes_pipe_create,
        "update": _updating(provisioners._pipes_pipe_update),
    }
    pipes_polling.register()


def _keeping(request: _Request, *, is_new: bool) -> _Request:
    def keep(name: str, body: Properties) -> Answer:
        if problem := _not_emulated(body):
            return cast(Answer, pipes._error(400, "ValidationException", problem))
        if not is_new:
            answer = request(name, body)
            if not failed(answer):
                _keep(pipes._pipes[name], body)
            return answer
        # Stopped, until the poller can see all of it.
        answer = request(name, {**body, "DesiredState": "STOPPED"})
        if failed(answer):
            return answer
        pipe = _start(name, body)
        return cast(Answer, pipes._json_resp(200, pipes._lifecycle_response(pipe)))

    return keep


def _creating(
    create: Callable[[str, Properties, str], Resource],
) -> Callable[[str, Properties, str], Resource]:
    def made(logical_id: str, properties: Properties, stack_name: str) -> Resource:
        if problem := _not_emulated(properties):
            raise ValueError(f"{TYPE_NAME}: {problem}")
        name, attributes = create(logical_id, {**properties, "DesiredState": "STOPPED"}, stack_name)
        _start(name, properties)
        return name, attributes

    return made


def _updating(update: Callable[..., Resource]) -> Callable[..., Resource]:
    def updated(
        physical_id: str,
        old: Properties,
        new: Properties,
        stack_name: str,
        logical_id: str | None = None,
    ) -> Resource:
        if problem := _not_emulated(new):
            raise ValueError(f"{TYPE_NAME}: {problem}")
        name, attributes = update(physical_id, old, new, stack_name, logical_id)
        # What the new template leaves out is gone.
        _keep(pipes._pipes[name], {key: new.get(key) or {} for key in _KEPT})
        return name, attributes

    return updated


def _not_emulated(body: Properties) -> str | None:
    for field, services in _EMULATED.items():
        arn = str(body.get(field) or "")
        if arn and pipes._arn_service(arn) not in services:
            return f"{field} {arn} is not emulated; emulated are: {', '.join(services)}"
    return None


def _keep(pipe: _Pipe, body: Properties) -> None:
    pipe.update({key: body[key] for key in _KEPT if key in body})


def _start(name: str, body: Properties) -> _Pipe:
    """Complete a pipe that was made stopped, and bring it into the state it was ordered in."""
    pipe: _Pipe = pipes._pipes[name]
    _keep(pipe, body)
    source = cast(Mapping[str, Mapping[str, object]], body.get("SourceParameters") or {})
    stream = source.get("DynamoDBStreamParameters") or {}
    # CreatePipe loses it; without it a pipe reads what is written after it was made.
    pipe["StartingPosition"] = stream.get("StartingPosition", "LATEST")
    pipes._positions[pipe["Arn"]] = pipes._initial_position(pipe)
    pipe["DesiredState"] = pipe["CurrentState"] = body.get("DesiredState") or "RUNNING"
    return pipe


def _describing(describe: Callable[[_Pipe], _Pipe]) -> Callable[[_Pipe], _Pipe]:
    def described(pipe: _Pipe) -> _Pipe:
        return {**describe(pipe), **{key: pipe[key] for key in _KEPT if key in pipe}}

    return described
