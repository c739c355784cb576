"""Which properties the resources have that the model is about: all others are said, not dropped.

Source: CloudFormation's resource schemas of us-east-1, as cfn-lint 1.58 ships them (read
2026-11-27); a test compares.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from constructs_lib.insight.model import Resource
from constructs_lib.insight.reading import Reading, items, mapping
from constructs_lib.templates.json_value import JsonValue

_KNOWN: Mapping[str, str] = {
    "AWS::Events::Archive": "ArchiveName Description EventPattern KmsKeyIdentifier RetentionDays "
    "SourceArn",
    "AWS::Events::EventBus": "DeadLetterConfig Description EventSourceName KmsKeyIdentifier "
    "LogConfig Name Policy Tags",
    "AWS::Events::Rule": "Description EventBusName EventPattern Name RoleArn ScheduleExpression "
    "State Tags Targets",
    "AWS::Pipes::Pipe": "Description DesiredState Enrichment EnrichmentParameters "
    "KmsKeyIdentifier LogConfiguration Name RoleArn Source SourceParameters Tags Target "
    "TargetParameters",
    "AWS::Scheduler::Schedule": "Description EndDate FlexibleTimeWindow GroupName KmsKeyArn Name "
    "ScheduleExpression ScheduleExpressionTimezone StartDate State Target",
    "AWS::StepFunctions::StateMachine": "Definition DefinitionS3Location DefinitionString "
    "DefinitionSubstitutions EncryptionConfiguration LoggingConfiguration RoleArn "
    "StateMachineName StateMachineType Tags TracingConfiguration",
}
#: Of a target: in ``Targets`` of a rule, and in ``Target`` of a schedule.
_KNOWN_OF_TARGETS: Mapping[str, str] = {
    "AWS::Events::Rule": "AppSyncParameters Arn BatchParameters DeadLetterConfig EcsParameters "
    "HttpParameters Id Input InputPath InputTransformer KinesisParameters RedshiftDataParameters "
    "RetryPolicy RoleArn RunCommandParameters SageMakerPipelineParameters SqsParameters",
    "AWS::Scheduler::Schedule": "Arn DeadLetterConfig EcsParameters EventBridgeParameters Input "
    "KinesisParameters RetryPolicy RoleArn SageMakerPipelineParameters SqsParameters",
}
KNOWN = {type_: frozenset(names.split()) for type_, names in _KNOWN.items()}
KNOWN_OF_TARGETS = {type_: frozenset(names.split()) for type_, names in _KNOWN_OF_TARGETS.items()}


def say_unknown_properties(reading: Reading) -> None:
    """Note the properties that a type does not have: a slip of the pen, or newer than this."""
    for _, resource in reading.of_type(*KNOWN):
        properties = reading.structure(resource)
        unknown = [name for name in properties if name not in KNOWN[resource.type]]
        for target in _targets(resource, properties):
            unknown += [name for name in target if name not in KNOWN_OF_TARGETS[resource.type]]
        # A function that stands for all of them is said where it is not understood.
        unknown = [name for name in dict.fromkeys(unknown) if not name.startswith("Fn::")]
        if unknown:
            reading.note(resource, f"has properties that are not known here: {', '.join(unknown)}")


def _targets(
    resource: Resource, properties: Mapping[str, JsonValue]
) -> Iterator[Mapping[str, JsonValue]]:
    if resource.type in KNOWN_OF_TARGETS:
        yield from map(mapping, items(properties.get("Targets")))
        yield mapping(properties.get("Target"))
