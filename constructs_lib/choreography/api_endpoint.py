"""An HTTP API outside of AWS that receives events."""

from typing import cast

from aws_cdk import Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from constructs import Construct

from constructs_lib.validation import ConfigError, require_between, require_match

_ANY_RATE = 2**31 - 1
_SECRETS = (
    ("apiKeyAuthParameters", "apiKeyValue"),
    ("basicAuthParameters", "password"),
    ("oAuthParameters", "clientParameters", "clientSecret"),
)


class ApiEndpoint(Construct):
    """Let rules call an HTTPS API, authorized by a secret and no faster than it can bear.

    Creates the connection (EventBridge keeps the credentials in a secret of its own) and the API
    destination. EventBridge waits five seconds for an answer, tries again on 401, 407, 409, 429 and
    5xx, and gives up at once on other errors.

    Args:
        endpoint: HTTPS URL; a ``*`` in its path stands for a ``path_parameter_values`` of a target.
        authorization: API key, OAuth or basic, its secret from Secrets Manager: for example
            ``events.Authorization.api_key("x-api-key", secret.secret_value)``.
        rate_limit_per_second: Calls a second; what comes faster waits, for 24 hours at most.
        http_method: How the API is called.
        description: What the API is, in the console.
    Raises:
        ConfigError: ``endpoint`` is no HTTPS URL, ``rate_limit_per_second`` is below 1, or
            ``authorization`` holds a secret in plain text.
    Source: EventBridge user guide, "API destinations as targets" and "Connections for HTTP
        targets"; API reference, CreateApiDestination and CreateConnection (read 2026-11-23).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        endpoint: str,
        authorization: events.Authorization,
        rate_limit_per_second: int = 300,
        http_method: events.HttpMethod = events.HttpMethod.POST,
        description: str | None = None,
    ) -> None:
        super().__init__(scope, id_)
        require_match(
            "endpoint",
            endpoint,
            r"(?=.{1,2048}$)https://[^\s/?#@]+([/?][^\s#]*)?",
            rule="be an HTTPS URL of at most 2048 characters without user or fragment",
            remedy="write for example 'https://crm.example.com/api/contacts'",
        )
        require_between(
            "rate_limit_per_second",
            rate_limit_per_second,
            1,
            _ANY_RATE,
            remedy="300 is an account's default quota",
        )
        self.connection = events.Connection(
            self, "Connection", authorization=authorization, description=description
        )
        self._require_secrets()
        self.api_destination = events.ApiDestination(
            self,
            "Resource",
            connection=self.connection,
            endpoint=endpoint,
            http_method=http_method,
            rate_limit_per_second=rate_limit_per_second,
            description=description,
        )

    def target(
        self,
        *,
        event: events.RuleTargetInput | None = None,
        path_parameter_values: list[str] | None = None,
        header_parameters: dict[str, str] | None = None,
        query_string_parameters: dict[str, str] | None = None,
    ) -> targets.ApiDestination:
        """The target of a subscription that calls this API, by a role that may do only that.

        Args:
            event: The request's body made from the event; the whole event when not given.
            path_parameter_values: What each ``*`` of the endpoint stands for.
            header_parameters: Further headers; the connection's win.
            query_string_parameters: Further query parameters; the connection's win.
        """
        return targets.ApiDestination(
            self.api_destination,
            event=event,
            path_parameter_values=path_parameter_values,
            header_parameters=header_parameters,
            query_string_parameters=query_string_parameters,
        )

    def grant_invoke(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let ``grantee``, for example the role of a pipe, call this API."""
        return iam.Grant.add_to_principal(
            grantee=grantee,
            actions=["events:InvokeApiDestination"],
            resource_arns=[self.api_destination.api_destination_arn],
        )

    def _require_secrets(self) -> None:
        made = cast(events.CfnConnection, self.connection.node.find_child("Connection"))
        parameters = Stack.of(self).resolve(made.auth_parameters)
        for path in _SECRETS:
            value: object = parameters
            for key in path:
                value = value.get(key) if isinstance(value, dict) else None
            if isinstance(value, str) and not value.startswith("{{resolve:"):
                raise ConfigError(
                    "authorization must take its secret from Secrets Manager, "
                    f"got plain text as {path[-1]}; pass secret.secret_value, or "
                    "secret.secret_value_from_json('field')"
                )
