"""What the page on partners shows must work, with and without a source."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parent.parent.parent / "docs" / "partners.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("context", "prefix"),
    [
        ({}, "stand-in.partner/stripe.com/"),
        ({"stripeEventSourceName": "aws.partner/stripe.com/ed_1"}, "aws.partner/stripe.com/"),
    ],
)
def test_the_example_follows_the_partner_or_its_stand_in(
    tmp_path: Path, context: dict[str, str], prefix: str
) -> None:
    (block,) = re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
    program = block.replace("App()", f"App(outdir={str(tmp_path)!r}, context={context!r})")

    subprocess.run([sys.executable, "-c", program], check=True)  # noqa: S603 - our page, this Python

    (template,) = tmp_path.glob("*.template.json")
    resources = json.loads(template.read_text(encoding="utf-8"))["Resources"].values()
    (rule,) = [each for each in resources if each["Type"] == "AWS::Events::Rule"]
    assert rule["Properties"]["EventPattern"]["source"] == [{"prefix": prefix}]
