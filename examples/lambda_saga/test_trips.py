"""Trips that are booked, a trip that is undone, and a bad day of the Lambda service."""

from constructs_lib.local import Fault

TRIP = {"tripId": "t-1", "flight": "LH 400", "hotel": "Astoria", "price": 900, "limit": 1000}


def test_a_trip_is_booked_though_calls_are_throttled(duet):
    throttling = Fault(service="lambda", action="Invoke", error="TooManyRequestsException", count=2)
    duet.faults.inject(throttling)
    trip = duet.workflow("BookTrip").run(TRIP).expect_succeeded()
    assert trip.retries == {"Book flight": 2}
    assert {item["status"] for item in duet.table("Bookings").items()} == {"BOOKED", "PAID"}


def test_a_declined_card_undoes_hotel_and_flight(duet):
    trip = duet.workflow("BookTrip").run({**TRIP, "limit": 500}).expect_failed()
    assert trip.path[-4:-2] == ("Cancel hotel", "Cancel flight")
    assert {item["status"] for item in duet.table("Bookings").items()} == {"CANCELLED"}
    duet.queue("CustomerCare").expect({"tripId": "t-1", "reason": "CardDeclined"})
