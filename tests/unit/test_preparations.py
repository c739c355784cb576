"""Which event sources a deployment needs from partners."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from constructs_lib.local.deployment.assembly import read_assembly
from constructs_lib.local.preparations import source_names
from tests.assemblies import Assembly

NAME = "aws.partner/freshworks.com/acme/tickets"
OTHER = "aws.partner/stripe.com/ed_1"


def _bus(source: object) -> dict[str, Any]:
    return {"Type": "AWS::Events::EventBus", "Properties": {"EventSourceName": source}}


@pytest.mark.parametrize(
    ("source", "parameters", "found"),
    [
        (NAME, {}, [NAME]),
        ({"Ref": "Source"}, {}, [OTHER]),
        ({"Ref": "Source"}, {"Source": NAME}, [NAME]),
        ({"Ref": "Source"}, {"Source": OTHER, "Shop:Source": NAME}, [NAME]),
        ({"Fn::ImportValue": "x"}, {}, []),
        ("default", {}, []),
        (None, {}, []),
    ],
    ids=str,
)
def test_the_source_is_the_one_that_the_template_and_its_parameters_name(
    tmp_path: Path, source: object, parameters: dict[str, str], found: list[str]
) -> None:
    assembly = Assembly(tmp_path)
    declared = {"Source": {"Type": "String", "Default": OTHER}}
    assembly.stack("Shop", {"Bus": _bus(source)}, Parameters=declared)
    (stack,) = read_assembly(assembly.folder)

    assert list(source_names(stack, parameters)) == found
