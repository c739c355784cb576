"""What commands print is what they were given to print."""

import pytest
import typer

from constructs_lib.commands._consoles import result_console
from constructs_lib.commands._ends import BAD_INPUT, fail

ARN = "arn:aws:secretsmanager:us-east-1:000000000000:secret:duet/crm"


def test_no_part_of_an_arn_becomes_an_emoji(capsys: pytest.CaptureFixture[str]) -> None:
    result_console().print(ARN, soft_wrap=True)

    assert ARN in capsys.readouterr().out


def test_a_failure_is_told_whole_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended:
        fail(f"{ARN} does not exist [once]", BAD_INPUT)

    assert ended.value.exit_code == BAD_INPUT
    assert capsys.readouterr() == ("", f"{ARN} does not exist [once]\n")
