"""What Duet adds to MiniStack's change sets; deployments show that it works.

The canary fails when MiniStack closes the gap itself: then drop the extension.
"""

import os
import subprocess
import sys
from pathlib import Path

_PROGRAM = """
from ministack.services import cloudformation
from ministack.services.cloudformation import handlers

template = '{"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}, "Outputs": {"A": {"Value": "%s"}}}'
old = handlers._parse_template(template % "old")
cloudformation._stacks["s"] = {
    "StackName": "s", "StackId": "arn:aws:cloudformation:us-east-1:0:stack/s/1",
    "StackStatus": "CREATE_COMPLETE", "_template": old, "_resources": {}, "_resolved_params": {},
}
handlers._create_change_set(
    {"StackName": ["s"], "ChangeSetName": ["c"], "TemplateBody": [template % "new"]}
)
(change_set,) = cloudformation._change_sets.values()
print(change_set["ExecutionStatus"])
"""


def test_canary_plain_ministack_sees_no_change_in_an_output(tmp_path: Path) -> None:
    environment = {**os.environ, "STATE_DIR": str(tmp_path)}

    said = subprocess.check_output(
        [sys.executable, "-c", _PROGRAM], env=environment, stderr=subprocess.DEVNULL, text=True
    )

    assert said.strip() == "UNAVAILABLE"
