"""Handlers as small as can be, one behaviour each, for the tests of the gateway and the workers."""

import json
import os
import sys
import time
from typing import Any


def echo(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer with the event itself, so that a test sees what AWS would have sent."""
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps(event)}


def behave(event: dict[str, Any], context: Any) -> Any:
    """Do what the path's {how} says."""
    how = event["pathParameters"]["how"]
    if how == "sleep":
        time.sleep(30)
    if how == "die":
        os._exit(3)
    if how == "exit":
        sys.exit("bye")
    if how == "raise":
        raise ValueError("Dana Whitfield is not a number")
    answers: dict[str, Any] = {
        "bare": {"fine": True},
        "nothing": None,
        "cookies": {"statusCode": 302, "headers": {"Location": "/"}, "cookies": ["a=1; Path=/", "b=2"]},
        "binary": {"statusCode": 200, "body": "/wD+", "isBase64Encoded": True},
        "wrong": {"statusCode": "soon", "body": {}},
        "noise": {"statusCode": 200, "body": "{}"},
    }
    if how == "noise":
        print('{"result": "this is not the answer"}', flush=True)
    return answers[how]


def who(event: Any, context: Any) -> dict[str, Any]:
    """Take a while, then tell which process this is and what its context says."""
    time.sleep(event.get("seconds", 0))
    return {
        "pid": os.getpid(),
        "remaining": context.get_remaining_time_in_millis(),
        "name": context.function_name,
        "memory": context.memory_limit_in_mb,
        "request_id": context.aws_request_id,
        "arn": context.invoked_function_arn,
        "environment": dict(os.environ),
    }
