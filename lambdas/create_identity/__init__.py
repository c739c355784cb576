"""Gives users their identity, and takes it back when a sign-up fails."""
