from collections.abc import Callable
from pathlib import Path

import pytest
from aws_cdk import App, AssetStaging, Duration, RemovalPolicy, Stack
from aws_cdk.assertions import Match, Template

from constructs_lib.choreography import ConsumerQueue, EventConsumer
from constructs_lib.validation import ConfigError


@pytest.fixture
def code_folder(tmp_path: Path) -> Path:
    for package in ("first_service", "second_service"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "handler.py").write_text(f"NAME = '{package}'\n", encoding="utf-8")
    return tmp_path


def test_a_consumer_owns_its_function_tables_and_log_group(
    stack: Stack, code_folder: Path, synthesize: Callable[[], Template]
) -> None:
    EventConsumer(
        stack, "First", code_folder=str(code_folder), package="first_service", state_key="userId"
    )

    template = synthesize()
    template.has_resource_properties(
        "AWS::Lambda::Function",
        {
            "Handler": "first_service.handler.handler",
            "Runtime": "python3.13",
            "Architectures": ["arm64"],
            "TracingConfig": {"Mode": "Active"},
            "Timeout": 10,
            "MemorySize": 256,
            "LoggingConfig": Match.any_value(),
        },
    )
    template.has_resource_properties(
        "AWS::DynamoDB::Table",
        {"TimeToLiveSpecification": {"AttributeName": "expiration", "Enabled": True}},
    )
    template.has_resource(
        "AWS::DynamoDB::Table",
        {
            "Properties": {"KeySchema": [{"AttributeName": "userId", "KeyType": "HASH"}]},
            "DeletionPolicy": "Retain",
        },
    )


def test_a_consumers_rights_name_its_own_tables_only(
    stack: Stack, code_folder: Path, synthesize: Callable[[], Template]
) -> None:
    consumer = EventConsumer(
        stack, "First", code_folder=str(code_folder), package="first_service", state_key="userId"
    )

    (policy,) = synthesize().find_resources("AWS::IAM::Policy").values()
    statements = policy["Properties"]["PolicyDocument"]["Statement"]
    tables = {
        str(stack.resolve(table.table_arn))
        for table in (consumer.idempotency_table, consumer.state_table)
    }
    assert tables == {
        str(statement["Resource"])
        for statement in statements
        if str(statement["Action"]).count("dynamodb")
    }
    # X-Ray knows no resources.
    assert [s["Action"][0] for s in statements if s["Resource"] == "*"] == [
        "xray:PutTelemetryRecords"
    ]


def test_what_a_consumers_function_fails_with_goes_to_its_own_queue(
    stack: Stack, code_folder: Path, synthesize: Callable[[], Template]
) -> None:
    consumer = EventConsumer(
        stack, "First", code_folder=str(code_folder), package="first_service", state_key="userId"
    )

    template = synthesize()
    queue_arn = stack.resolve(consumer.dead_letter_queue.queue_arn)
    template.has_resource_properties(
        "AWS::Lambda::EventInvokeConfig",
        {
            "FunctionName": stack.resolve(consumer.function.function_name),
            "DestinationConfig": {"OnFailure": {"Destination": queue_arn}},
        },
    )
    template.has_resource_properties(
        "AWS::IAM::Policy",
        {
            "PolicyDocument": {
                "Statement": Match.array_with(
                    [
                        Match.object_like(
                            {
                                "Action": Match.array_with(["sqs:SendMessage"]),
                                "Resource": queue_arn,
                            }
                        )
                    ]
                )
            }
        },
    )
    template.all_resources_properties(
        "AWS::SQS::Queue", {"SqsManagedSseEnabled": True, "MessageRetentionPeriod": 1209600}
    )


def test_options_of_a_consumer_reach_the_template(
    stack: Stack, code_folder: Path, synthesize: Callable[[], Template]
) -> None:
    EventConsumer(
        stack,
        "First",
        code_folder=str(code_folder),
        package="first_service",
        state_key="orderId",
        timeout=Duration.seconds(3),
        memory_mib=512,
        removal_policy=RemovalPolicy.DESTROY,
    )

    template = synthesize()
    template.has_resource_properties("AWS::Lambda::Function", {"Timeout": 3, "MemorySize": 512})
    template.has_resource(
        "AWS::DynamoDB::Table",
        {
            "Properties": {"KeySchema": [{"AttributeName": "orderId", "KeyType": "HASH"}]},
            "DeletionPolicy": "Delete",
        },
    )


def test_code_of_another_package_does_not_redeploy_a_consumer(
    stack: Stack, code_folder: Path
) -> None:
    def asset_hash(id_: str) -> str:
        AssetStaging.clear_asset_hash_cache()  # each call stands for a new process
        consumer = EventConsumer(
            stack, id_, code_folder=str(code_folder), package="first_service", state_key="userId"
        )
        resource = stack.resolve(consumer.function.node.default_child.code)  # type: ignore[union-attr]  # a CfnFunction
        return str(resource["s3Key"])

    before = asset_hash("Before")
    (code_folder / "second_service" / "handler.py").write_text("CHANGED = True\n")
    (code_folder / "first_service" / "__pycache__").mkdir()
    (code_folder / "first_service" / "__pycache__" / "handler.pyc").write_bytes(b"\0")

    assert asset_hash("After") == before

    (code_folder / "first_service" / "handler.py").write_text("CHANGED = True\n")
    assert asset_hash("Changed") != before


def test_a_shared_package_is_in_the_asset_and_its_change_redeploys_the_consumer(
    stack: Stack, code_folder: Path
) -> None:
    def staged(id_: str) -> tuple[str, list[str]]:
        AssetStaging.clear_asset_hash_cache()  # each call stands for a new process
        consumer = EventConsumer(
            stack,
            id_,
            code_folder=str(code_folder),
            package="first_service",
            shared_packages=["second_service"],
            state_key="userId",
        )
        resource = stack.resolve(consumer.function.node.default_child.code)  # type: ignore[union-attr]  # a CfnFunction
        asset = str(resource["s3Key"])
        (folder,) = Path(App.of(stack).outdir).glob(f"asset.{asset.removesuffix('.zip')}")  # type: ignore[union-attr]  # an app
        return asset, sorted(path.name for path in folder.iterdir())

    before, packages = staged("Before")
    assert packages == ["first_service", "second_service"]

    (code_folder / "second_service" / "handler.py").write_text("CHANGED = True\n")

    assert staged("After")[0] != before


def test_a_shared_package_that_python_cannot_import_is_refused(
    stack: Stack, code_folder: Path
) -> None:
    with pytest.raises(ConfigError, match="shared_packages must be a Python package name"):
        EventConsumer(
            stack,
            "First",
            code_folder=str(code_folder),
            package="first_service",
            shared_packages=["../secrets"],
            state_key="userId",
        )


def test_a_package_that_python_cannot_import_is_refused(stack: Stack, code_folder: Path) -> None:
    with pytest.raises(ConfigError, match="package must be a Python package name, got 'my-pkg'"):
        EventConsumer(
            stack, "First", code_folder=str(code_folder), package="my-pkg", state_key="userId"
        )


def test_a_consumer_queue_is_encrypted_tls_only_and_has_a_queue_for_failures(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    queue = ConsumerQueue(stack, "Analytics", max_receive_count=3)

    template = synthesize()
    template.all_resources_properties("AWS::SQS::Queue", {"SqsManagedSseEnabled": True})
    template.resource_count_is("AWS::SQS::QueuePolicy", 2)
    template.has_resource_properties(
        "AWS::SQS::Queue",
        {
            "RedrivePolicy": {
                "deadLetterTargetArn": stack.resolve(queue.dead_letter_queue.queue_arn),
                "maxReceiveCount": 3,
            }
        },
    )


@pytest.mark.parametrize("max_receive_count", [0, 1001])
def test_a_receive_count_that_sqs_refuses_is_refused(stack: Stack, max_receive_count: int) -> None:
    with pytest.raises(ConfigError, match="max_receive_count must be between 1 and 1000"):
        ConsumerQueue(stack, "Analytics", max_receive_count=max_receive_count)


def test_two_consumers_and_two_queues_fit_in_one_stack(
    stack: Stack, code_folder: Path, synthesize: Callable[[], Template]
) -> None:
    for id_ in ("First", "Second"):
        EventConsumer(
            stack, id_, code_folder=str(code_folder), package="first_service", state_key="userId"
        )
        ConsumerQueue(stack, f"{id_}Queue")

    template = synthesize()
    template.resource_count_is("AWS::Lambda::Function", 2)
    template.resource_count_is("AWS::SQS::Queue", 6)
