"""Rooms of hotels."""

import bookings


class HotelIsFull(Exception):  # noqa: N818 - the workflow's word
    """No room that night."""


def book(trip, _context):
    """Reserve a room."""
    if trip["hotel"] == "Grand Budapest":
        raise HotelIsFull(trip["hotel"])
    bookings.put("hotel", trip, "BOOKED", hotel=trip["hotel"])


def cancel(trip, _context):
    """Give the room back."""
    bookings.put("hotel", trip, "CANCELLED")
