"""The environment a function's process gets: the template's variables and Lambda's own, nothing else.

Nothing of the developer's shell goes in, so no AWS profile of theirs can ever be used by a handler.
"""

import dataclasses
import os
from collections.abc import Mapping
from typing import Any

from local.functions import DEFAULT_CONCURRENCY, ROOT, Runtime
from local.http_events import ACCOUNT_ID, API_ID
from local.kms_key import REGION
from local.queues import LiveQueue
from local.template import environment
from local.template_records import Function, Template


def pseudo_parameters() -> dict[str, str]:
    """Give CloudFormation's pseudo parameters their local meaning."""
    return {
        "AWS::Region": REGION,
        "AWS::AccountId": ACCOUNT_ID,
        "AWS::Partition": "aws",
        "AWS::URLSuffix": "amazonaws.com",
        "AWS::StackName": "frontdesk-local",
        "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT_ID}:stack/frontdesk-local/local",
    }


def surroundings(aws_url: str) -> dict[str, str]:
    """Give the variables by which code of ours finds its modules, and moto where it expects AWS."""
    return {
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_ENDPOINT_URL": aws_url,
        "AWS_EC2_METADATA_DISABLED": "true",
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "layers" / "shared")]),
    }


def runtimes(
    template: Template, queues: Mapping[str, LiveQueue], overrides: Mapping[str, str], aws_url: str
) -> list[Runtime]:
    """Say how to start every function; `overrides` are the variables with a local value.

    All environments are resolved here, so a variable with no local value stops the start, not a call:
    raises TemplateError naming function and variable.
    """
    names: dict[str, Any] = dict(template.scope.values) | dict.fromkeys(template.apis, API_ID)
    for name, queue in queues.items():
        names |= {
            name: queue.url,
            f"{name}.Arn": queue.arn,
            f"{name}.QueueName": queue.url.rpartition("/")[2],
        }
    for function in template.functions:
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{function.name}"
        names |= {function.name: function.name, f"{function.name}.Arn": arn}
    scope = dataclasses.replace(template.scope, values=names)
    return [
        runtime(function, environment(function, scope, overrides), aws_url) for function in template.functions
    ]


def runtime(function: Function, variables: Mapping[str, str], aws_url: str) -> Runtime:
    """Say how to start a function; `variables` are the template's, resolved, `aws_url` is moto's."""
    lambdas = {
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "local",
        "LAMBDA_TASK_ROOT": str(ROOT),
        "_HANDLER": function.handler,
        "TZ": ":UTC",
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",  # a killed worker's last words still reach its log
    }
    return Runtime(
        name=function.name,
        handler=function.handler,
        timeout_seconds=function.timeout_seconds,
        environment=surroundings(aws_url) | lambdas | dict(variables),
        concurrency=function.concurrency or DEFAULT_CONCURRENCY,
    )
