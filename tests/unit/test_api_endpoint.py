from collections.abc import Callable

import pytest
from aws_cdk import CfnParameter, SecretValue, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk.assertions import Template

from constructs_lib.choreography import ApiEndpoint, Subscription
from constructs_lib.validation import ConfigError

URL = "https://crm.example.com/contacts/*"
_API = "AWS::Events::ApiDestination"
_CONNECTION = "AWS::Events::Connection"


@pytest.fixture
def secret(stack: Stack) -> secretsmanager.ISecret:
    return secretsmanager.Secret.from_secret_complete_arn(
        stack, "Secret", "arn:aws:secretsmanager:us-east-1:111122223333:secret:crm-AbCdEf"
    )


@pytest.fixture
def api_key(secret: secretsmanager.ISecret) -> events.Authorization:
    return events.Authorization.api_key("x-api-key", secret.secret_value)


def _only(template: Template, type_name: str) -> dict[str, object]:
    (resource,) = template.find_resources(type_name).values()
    properties: dict[str, object] = resource["Properties"]
    return properties


def test_the_defaults_post_at_the_default_quota_with_the_key_from_secrets_manager(
    stack: Stack, api_key: events.Authorization, synthesize: Callable[[], Template]
) -> None:
    ApiEndpoint(stack, "Api", endpoint=URL, authorization=api_key)

    template = synthesize()
    found = _only(template, _API)
    assert (found["HttpMethod"], found["InvocationRateLimitPerSecond"]) == ("POST", 300)
    assert _only(template, _CONNECTION) == {
        "AuthorizationType": "API_KEY",
        "AuthParameters": {
            "ApiKeyAuthParameters": {
                "ApiKeyName": "x-api-key",
                "ApiKeyValue": "{{resolve:secretsmanager:"
                "arn:aws:secretsmanager:us-east-1:111122223333:secret:crm-AbCdEf:SecretString:::}}",
            }
        },
    }


def test_every_argument_reaches_the_template(
    stack: Stack, secret: secretsmanager.ISecret, synthesize: Callable[[], Template]
) -> None:
    ApiEndpoint(
        stack,
        "Api",
        endpoint=URL,
        authorization=events.Authorization.oauth(
            authorization_endpoint="https://crm.example.com/token",
            client_id="duet",
            client_secret=secret.secret_value_from_json("client-secret"),
            http_method=events.HttpMethod.POST,
        ),
        rate_limit_per_second=7,
        http_method=events.HttpMethod.PUT,
        description="Contacts",
    )

    template = synthesize()
    found = _only(template, _API)
    assert found["InvocationEndpoint"] == URL
    assert (found["HttpMethod"], found["InvocationRateLimitPerSecond"]) == ("PUT", 7)
    assert found["Description"] == "Contacts"
    connection = _only(template, _CONNECTION)
    assert connection["AuthorizationType"] == "OAUTH_CLIENT_CREDENTIALS"
    assert connection["Description"] == "Contacts"


def test_a_subscription_calls_the_api_with_what_the_target_is_given(
    stack: Stack,
    event_bus: events.IEventBus,
    api_key: events.Authorization,
    synthesize: Callable[[], Template],
) -> None:
    api = ApiEndpoint(stack, "Api", endpoint=URL, authorization=api_key)
    target = api.target(
        event=events.RuleTargetInput.from_event_path("$.detail"),
        path_parameter_values=["$.detail.userId"],
        header_parameters={"x-origin": "duet"},
        query_string_parameters={"notify": "no"},
    )

    Subscription(stack, "Sub", event_bus=event_bus, event_pattern={"source": ["a"]}, target=target)

    (rule,) = synthesize().find_resources("AWS::Events::Rule").values()
    (found,) = rule["Properties"]["Targets"]
    assert found["InputPath"] == "$.detail"
    assert found["HttpParameters"] == {
        "PathParameterValues": ["$.detail.userId"],
        "HeaderParameters": {"x-origin": "duet"},
        "QueryStringParameters": {"notify": "no"},
    }


def test_granting_invoke_names_the_one_destination(
    stack: Stack, api_key: events.Authorization, synthesize: Callable[[], Template]
) -> None:
    api = ApiEndpoint(stack, "Api", endpoint=URL, authorization=api_key)
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("pipes.amazonaws.com"))

    grant = api.grant_invoke(role)

    assert grant.success
    synthesize().has_resource_properties(
        "AWS::IAM::Policy",
        {
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": "events:InvokeApiDestination",
                        "Resource": stack.resolve(api.api_destination.api_destination_arn),
                    }
                ],
            }
        },
    )


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://crm.example.com/",
        "crm.example.com",
        "https://",
        "https://user:pw@crm.example.com/",
        "https://crm.example.com/#part",
        "https://crm.example.com/a b",
        "https://crm.example.com/" + "x" * 2048,
    ],
)
def test_what_is_no_plain_https_url_is_refused(
    stack: Stack, api_key: events.Authorization, endpoint: str
) -> None:
    with pytest.raises(ConfigError, match="endpoint must be an HTTPS URL"):
        ApiEndpoint(stack, "Api", endpoint=endpoint, authorization=api_key)


def test_a_rate_below_one_is_refused(stack: Stack, api_key: events.Authorization) -> None:
    with pytest.raises(ConfigError, match="rate_limit_per_second must be between 1"):
        ApiEndpoint(stack, "Api", endpoint=URL, authorization=api_key, rate_limit_per_second=0)


_PLAIN = SecretValue.unsafe_plain_text("open sesame")


@pytest.mark.parametrize(
    "make_authorization",
    [
        lambda: events.Authorization.api_key("x-api-key", _PLAIN),
        lambda: events.Authorization.basic("user", _PLAIN),
        lambda: events.Authorization.oauth(
            authorization_endpoint="https://crm.example.com/token",
            client_id="duet",
            client_secret=_PLAIN,
            http_method=events.HttpMethod.POST,
        ),
    ],
    ids=["API key", "basic", "OAuth"],
)
def test_a_secret_in_plain_text_is_refused_and_not_repeated(
    stack: Stack, make_authorization: Callable[[], events.Authorization]
) -> None:
    with pytest.raises(ConfigError, match="take its secret from Secrets Manager") as error:
        ApiEndpoint(stack, "Api", endpoint=URL, authorization=make_authorization())

    assert "open sesame" not in str(error.value)


def test_two_endpoints_with_tokens_fit_in_one_stack(
    stack: Stack, secret: secretsmanager.ISecret, synthesize: Callable[[], Template]
) -> None:
    url = CfnParameter(stack, "Url").value_as_string
    rate = CfnParameter(stack, "Rate", type="Number").value_as_number
    key = events.Authorization.basic("user", secret.secret_value_from_json("password"))

    for id_ in ("First", "Second"):
        ApiEndpoint(stack, id_, endpoint=url, authorization=key, rate_limit_per_second=int(rate))

    template = synthesize()
    template.resource_count_is(_API, 2)
    template.all_resources_properties(
        _API,
        {"InvocationEndpoint": {"Ref": "Url"}, "InvocationRateLimitPerSecond": {"Ref": "Rate"}},
    )


def test_the_way_out_reaches_what_cdk_made(
    stack: Stack, api_key: events.Authorization, synthesize: Callable[[], Template]
) -> None:
    api = ApiEndpoint(stack, "Api", endpoint=URL, authorization=api_key)

    assert api.node.default_child is api.api_destination
    made = api.api_destination.node.find_child("ApiDestination")
    assert isinstance(made, events.CfnApiDestination)
    made.name = "crm"
    assert _only(synthesize(), _API)["Name"] == "crm"
