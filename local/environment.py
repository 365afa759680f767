"""The environment a function's process gets: the template's variables and Lambda's own, nothing else.

Nothing of the developer's shell goes in, so no AWS profile of theirs can ever be used by a handler.
"""

import os
from collections.abc import Mapping

from local.functions import DEFAULT_CONCURRENCY, ROOT, Runtime
from local.http_events import ACCOUNT_ID
from local.template import Function

REGION = "us-east-1"


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


def runtime(function: Function, variables: Mapping[str, str], aws_url: str) -> Runtime:
    """Say how to start a function; `variables` are the template's, resolved, `aws_url` is moto's."""
    lambdas = {
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_ENDPOINT_URL": aws_url,
        "AWS_EC2_METADATA_DISABLED": "true",
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
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "layers" / "shared")]),
        "PYTHONUNBUFFERED": "1",  # a killed worker's last words still reach its log
    }
    return Runtime(
        name=function.name,
        handler=function.handler,
        timeout_seconds=function.timeout_seconds,
        environment=lambdas | dict(variables),
        concurrency=function.concurrency or DEFAULT_CONCURRENCY,
    )
