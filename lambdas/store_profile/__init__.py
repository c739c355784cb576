"""Makes users known to the application."""
