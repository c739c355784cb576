"""What pipes have in common, whatever their source: filters, role, log, and the pipe itself."""

import json
from collections.abc import Iterator, Mapping, Sequence

from aws_cdk import Duration, Names, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_pipes as pipes
from constructs import Construct

from constructs_lib.choreography.pipe_target import PipeTarget
from constructs_lib.event_patterns.grammar import is_unknown, require_valid_pattern
from constructs_lib.validation import ConfigError, require_between

Pattern = Mapping[str, object]

# Source: Pipes API reference, FilterCriteria and Filter (read 2026-11-23).
_MOST_FILTERS = 5
_LONGEST_PATTERN_CHARACTERS = 4096
_LONGEST_WINDOW_SECONDS = 300


def pipe_role(scope: Construct) -> iam.Role:
    """The pipe's own role, which only pipes of this account take on."""
    return iam.Role(
        scope,
        "Role",
        assumed_by=iam.ServicePrincipal(
            "pipes.amazonaws.com",
            conditions={"StringEquals": {"aws:SourceAccount": Stack.of(scope).account}},
        ),
    )


def filter_criteria(
    scope: Construct, filters: Sequence[Pattern], *, fields: Sequence[str]
) -> pipes.CfnPipe.FilterCriteriaProperty | None:
    """The patterns of which a record must match one; None where every record is delivered.

    Raises:
        ConfigError: There are too many, or Pipes does not take or not heed one of them.
    Source: EventBridge user guide, "Event filtering in Amazon EventBridge Pipes", "Comparison
        operators for use in event patterns" (read 2026-11-23). The former says that ``eventName``
        cannot be used; AWS's own examples use it.
    """
    if isinstance(filters, Mapping | str) or len(filters) > _MOST_FILTERS:
        raise ConfigError(
            f"filters must be a list of at most {_MOST_FILTERS} patterns, got {filters!r}; "
            "alternatives also fit into one pattern, as several values or as $or"
        )
    stack = Stack.of(scope)
    for number, pattern in enumerate(filters):
        resolved = stack.resolve(pattern)
        try:
            require_valid_pattern(resolved)
        except ConfigError as error:
            raise ConfigError(f"filters[{number}]: {error}") from error
        _check_for_pipes(number, resolved, fields)
    if not filters:
        return None
    return pipes.CfnPipe.FilterCriteriaProperty(
        filters=[
            pipes.CfnPipe.FilterProperty(pattern=stack.to_json_string(pattern))
            for pattern in filters
        ]
    )


def records_a_delivery(asked: int | None, target: PipeTarget) -> int:
    """Records a delivery: what is asked for, or what suits the target.

    Raises:
        ConfigError: The target does not take that many.
    """
    if asked is None:
        return target.default_batch_size
    require_between(
        "batch_size", asked, 1, target.max_batch_size, remedy="an event bus takes 10 at a time"
    )
    return asked


def window_seconds(window: Duration | None) -> int | float | None:
    """The batching window in seconds.

    Raises:
        ConfigError: It is longer than five minutes.
    """
    if window is None:
        return None
    seconds = window.to_seconds()
    require_between(
        "batching_window in seconds",
        seconds,
        0,
        _LONGEST_WINDOW_SECONDS,
        remedy="pass a Duration of at most 5 minutes",
    )
    return seconds


def make_pipe(
    scope: Construct,
    *,
    role: iam.Role,
    source_arn: str,
    source_parameters: pipes.CfnPipe.PipeSourceParametersProperty,
    target: PipeTarget,
    description: str | None,
) -> pipes.CfnPipe:
    """Make the pipe, its log, and the role's right to deliver; its right to read is the caller's.

    Source: EventBridge user guide, "Log Amazon EventBridge Pipes" (read 2026-11-23).
    """
    target.grant_delivery(role)
    name = Names.unique_resource_name(scope, max_length=100)
    log_group = logs.LogGroup(
        scope,
        "Logs",
        # Elsewhere each log adds to the account's log resource policy until that is full.
        log_group_name=f"/aws/vendedlogs/pipes/{name}",
        retention=logs.RetentionDays.ONE_MONTH,
        removal_policy=RemovalPolicy.DESTROY,
    )
    pipe = pipes.CfnPipe(
        scope,
        "Resource",
        description=description,
        role_arn=role.role_arn,
        source=source_arn,
        source_parameters=source_parameters,
        target=target.arn,
        target_parameters=target.parameters,
        log_configuration=pipes.CfnPipe.PipeLogConfigurationProperty(
            level="ERROR",
            cloudwatch_logs_log_destination=pipes.CfnPipe.CloudwatchLogsLogDestinationProperty(
                log_group_arn=log_group.log_group_arn
            ),
        ),
    )
    # Pipes tries the source and the dead-letter queue when the pipe is made.
    pipe.node.add_dependency(role.node.find_child("DefaultPolicy"))
    return pipe


def _check_for_pipes(number: int, pattern: Pattern, fields: Sequence[str]) -> None:
    """Refuse what event buses heed and pipes do not."""
    for field in _top_level_fields(pattern):
        # Names may be joined with dots.
        if field.split(".")[0] not in fields:
            raise ConfigError(
                f"filters[{number}] must ask for {', '.join(fields)}, got {field!r}; "
                "a pipe matches what its source sends, without what the pipe itself adds"
            )
    for operator, operand in _operators(pattern):
        is_negation = operator == "anything-but" and isinstance(operand, Mapping)
        if operator == "wildcard" or (is_negation and not is_unknown(operand)):
            raise ConfigError(
                f"filters[{number}] must use operators that pipes have, "
                f"got {{{operator!r}: {operand!r}}}; use prefix, suffix or plain anything-but"
            )
    text = json.dumps(pattern, separators=(",", ":"))
    if len(text) > _LONGEST_PATTERN_CHARACTERS:
        raise ConfigError(
            f"filters[{number}] must be at most {_LONGEST_PATTERN_CHARACTERS} characters of JSON, "
            f"got {len(text)}; match less exactly"
        )


def _top_level_fields(pattern: Pattern) -> Iterator[str]:
    for key, content in pattern.items():
        if key == "$or" and isinstance(content, Sequence):
            for alternative in content:
                yield from _top_level_fields(alternative)
        else:
            yield key


def _operators(node: object) -> Iterator[tuple[str, object]]:
    """The operators in the lists of values; fields may have their names."""
    if isinstance(node, Mapping):
        for key, content in node.items():
            if key == "$or" or isinstance(content, Mapping):
                for part in content if isinstance(content, list) else [content]:
                    yield from _operators(part)
            elif isinstance(content, list):
                for value in content:
                    if isinstance(value, Mapping):
                        yield from value.items()
