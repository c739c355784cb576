"""The verbs of the ``duet`` command, one file each, loaded when they are used.

Each file has an ``app`` (a Typer application) and is named after its verb; ``constructs_lib.cli``
lists them. What a verb does stands elsewhere: here are options, progress, tables and exit statuses.
"""
