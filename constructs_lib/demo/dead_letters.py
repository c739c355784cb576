"""What no consumer took, of all that was published."""

from collections.abc import Mapping

from constructs_lib.local import EmbeddedAws
from constructs_lib.operations.dead_letter_queue import DeadLetterQueue

#: How the example's constructs name every such queue.
_DEAD_LETTERS = "DeadLetters"


def count_dead_letters(aws: EmbeddedAws) -> Mapping[str, int]:
    """How many messages wait in each dead-letter queue of the stacks, by its logical id."""
    stacks, queues = aws.client("cloudformation"), aws.client("sqs")
    found = {}
    for stack in stacks.describe_stacks()["Stacks"]:
        pages = stacks.get_paginator("list_stack_resources").paginate(StackName=stack["StackName"])
        for resource in (one for page in pages for one in page["StackResourceSummaries"]):
            logical_id = resource["LogicalResourceId"]
            if resource["ResourceType"] == "AWS::SQS::Queue" and _DEAD_LETTERS in logical_id:
                # The physical id of a queue is its URL.
                queue = DeadLetterQueue(queues, resource["PhysicalResourceId"])
                found[logical_id] = queue.size()
    return found
