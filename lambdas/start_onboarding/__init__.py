"""Starts the onboarding of each new user."""
