"""Seats on a flight."""

import bookings


def book(trip, _context):
    """Reserve a seat."""
    bookings.put("flight", trip, "BOOKED", flight=trip["flight"])


def cancel(trip, _context):
    """Give the seat back."""
    bookings.put("flight", trip, "CANCELLED")
