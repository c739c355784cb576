"""What every booking is in the table."""

import os

import boto3

table = boto3.resource("dynamodb").Table(os.environ["BOOKINGS_TABLE"])


def put(kind, trip, status, **details):
    """Write or change a booking of a trip."""
    table.put_item(Item={"id": f"{trip['tripId']}/{kind}", "status": status, **details})
