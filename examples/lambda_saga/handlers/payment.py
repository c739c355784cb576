"""Payments by card."""

import bookings


class CardDeclined(Exception):  # noqa: N818 - the workflow's word
    """The bank does not pay."""


def pay(trip, _context):
    """Take the price of the trip."""
    if trip["price"] > trip["limit"]:
        raise CardDeclined(f"{trip['price']} is above the card's limit")
    bookings.put("payment", trip, "PAID", price=trip["price"])
