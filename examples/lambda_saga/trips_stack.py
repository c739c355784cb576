"""A trip is booked as a whole or not at all: a saga of functions."""

from typing import Any

from aws_cdk import Duration, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct


class TripsStack(Stack):
    """Flight, hotel, payment; what fails undoes what was booked before it, last first."""

    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self.bookings = dynamodb.Table(
            self,
            "Bookings",
            partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
        )
        notices = sns.Topic(self, "Notices")
        notices.add_subscription(
            subscriptions.SqsSubscription(
                sqs.Queue(self, "CustomerCare"), raw_message_delivery=True
            )
        )
        tell = tasks.SnsPublish(
            self,
            "Tell customer care",
            topic=notices,
            message=sfn.TaskInput.from_object(
                {
                    "tripId": sfn.JsonPath.string_at("$.tripId"),
                    "reason": sfn.JsonPath.string_at("$.failure.Error"),
                }
            ),
            result_path=sfn.JsonPath.DISCARD,
        )
        failed = tell.next(sfn.Fail(self, "Trip not booked", error="TripNotBooked"))
        cancel_flight = self._call("Cancel flight", "flight.cancel", undo=True).next(failed)
        cancel_hotel = self._call("Cancel hotel", "hotel.cancel", undo=True).next(cancel_flight)

        book_flight = self._call("Book flight", "flight.book").add_catch(
            failed, result_path="$.failure"
        )
        book_hotel = self._call("Book hotel", "hotel.book").add_catch(
            cancel_flight, result_path="$.failure"
        )
        pay = self._call("Pay", "payment.pay").add_catch(cancel_hotel, result_path="$.failure")
        sfn.StateMachine(
            self,
            "BookTrip",
            definition_body=sfn.DefinitionBody.from_chainable(
                book_flight.next(book_hotel).next(pay).next(sfn.Succeed(self, "Trip booked"))
            ),
            timeout=Duration.minutes(10),
        )

    def _call(self, name: str, handler: str, *, undo: bool = False) -> tasks.LambdaInvoke:
        function = lambda_.Function(
            self,
            f"{name} function",
            runtime=lambda_.Runtime.PYTHON_3_13,
            handler=handler,
            code=lambda_.Code.from_asset("handlers"),
            environment={"BOOKINGS_TABLE": self.bookings.table_name},
            timeout=Duration.seconds(10),
        )
        self.bookings.grant_read_write_data(function)
        task = tasks.LambdaInvoke(
            self,
            name,
            lambda_function=function,
            payload_response_only=True,
            result_path=sfn.JsonPath.DISCARD,
            retry_on_service_exceptions=False,
        )
        task.add_retry(
            errors=["Lambda.TooManyRequestsException", "Lambda.ServiceException"],
            interval=Duration.seconds(2),
            max_attempts=5,
            max_delay=Duration.seconds(30),
            jitter_strategy=sfn.JitterType.FULL,
        )
        if undo:  # must happen: whatever hinders it may pass
            task.add_retry(errors=["States.ALL"], interval=Duration.minutes(1), max_attempts=10)
        return task
