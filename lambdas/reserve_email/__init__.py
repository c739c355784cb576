"""Reserves addresses for those who sign up, and releases them when a sign-up fails."""
