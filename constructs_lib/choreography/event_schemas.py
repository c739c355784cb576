"""The contracts of a bus, where people and tools look for schemas."""

from collections.abc import Sequence

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_eventschemas as eventschemas
from aws_cdk import aws_iam as iam
from constructs import Construct

from constructs_lib.contracts import EventContract, registry_schema
from constructs_lib.validation import ConfigError

_DESCRIPTION_MAX_CHARACTERS = 256


class EventSchemas(Construct):
    """Publish ``contracts`` in an EventBridge schema registry.

    Creates the registry and a schema per contract, named as AWS names those that it discovers:
    ``source@DetailType``, a slash of the source as a hyphen. A new minor version of a contract
    becomes a new version of its schema; a new major version is a schema of its own.

    The registry takes no JSON Schema 2020-12: schemas are translated to draft 4.

    Args:
        contracts: The events.
        description: What the registry is for, in the console.
    Raises:
        ConfigError: There is no contract, two have one source and detail type, or the schema of a
            detail cannot be said in draft 4 or is too long.
    Source: AWS::EventSchemas::Registry, AWS::EventSchemas::Schema; EventBridge user guide,
        "Creating an event schema" (read 2026-11-23).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        contracts: Sequence[EventContract],
        description: str | None = None,
    ) -> None:
        by_name = _by_name(contracts)
        contents = {name: registry_schema(contract) for name, contract in by_name.items()}
        super().__init__(scope, id_)
        self.registry = eventschemas.CfnRegistry(self, "Resource", description=description)
        self.schemas = {
            name: eventschemas.CfnSchema(
                self,
                name,
                registry_name=self.registry.attr_registry_name,
                schema_name=name,
                type="JSONSchemaDraft4",
                content=contents[name],
                description=contract.description[:_DESCRIPTION_MAX_CHARACTERS] or None,
            )
            for name, contract in by_name.items()
        }

    def grant_read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let ``grantee`` read the registry, its schemas and their code bindings.

        Source: service authorization reference, EventBridge Schemas (read 2026-11-23).
        """
        schemas = Stack.of(self).format_arn(
            service="schemas",
            resource="schema",
            # Listing is asked of the registry's schemas as a whole.
            resource_name=f"{self.registry.attr_registry_name}/*",
            arn_format=ArnFormat.SLASH_RESOURCE_NAME,
        )
        return iam.Grant.add_to_principal(
            grantee=grantee,
            actions=[
                "schemas:DescribeCodeBinding",
                "schemas:DescribeRegistry",
                "schemas:DescribeSchema",
                "schemas:ExportSchema",
                "schemas:GetCodeBindingSource",
                "schemas:ListSchemaVersions",
                "schemas:ListSchemas",
                "schemas:SearchSchemas",
            ],
            resource_arns=[self.registry.attr_registry_arn, schemas],
        )


def _by_name(contracts: Sequence[EventContract]) -> dict[str, EventContract]:
    if not contracts:
        raise ConfigError(
            "contracts must be a list of at least one event contract, "
            f"got {contracts!r}; a registry without schemas tells nobody anything"
        )
    found: dict[str, EventContract] = {}
    for contract in contracts:
        name = f"{contract.source.replace('/', '-')}@{contract.detail_type}"
        if name in found:
            raise ConfigError(
                f"contracts must have names of their own in the registry, got {name!r} twice; "
                "give the changed one a new major version"
            )
        found[name] = contract
    return found
