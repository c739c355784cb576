"""The Amazon States Language: what a definition must be before Step Functions takes it.

Neutral ground: it imports neither half, and nothing but the standard library.
"""

from constructs_lib.states_language.checks import check_definition
from constructs_lib.states_language.diagnostic import Diagnostic
from constructs_lib.states_language.nodes import is_expression
from constructs_lib.states_language.timestamps import parsed_timestamp

__all__ = ["Diagnostic", "check_definition", "is_expression", "parsed_timestamp"]
