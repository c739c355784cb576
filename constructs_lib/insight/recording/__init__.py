"""Makes a ``Run`` of what an account of the embedded AWS remembers."""

from constructs_lib.insight.recording.record import keep_run, record_run

__all__ = ["keep_run", "record_run"]
