"""Welcomes new users by mail."""
