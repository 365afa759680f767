"""The translated template through moto's CloudFormation: as much of a deploy as needs no account.

moto knows some six in ten of our resources. The others are left out, and a word stands where they are named;
so this shows that what is left can be made in an order its references allow, under each set of conditions,
and no more. What moto makes of it is not looked at.
"""

import io
import json
import re
import zipfile
from typing import Any

import boto3
import pytest
from moto import mock_aws

# Passed over by moto without a word, or made only where its other parts know them.
NOT_IN_MOTO = (
    *("AWS::ApiGateway::", "AWS::ApiGatewayV2::", "AWS::CloudWatch::Alarm", "AWS::Cognito::", "Custom::"),
    *("AWS::EC2::InstanceConnectEndpoint", "AWS::RDS::DBProxy", "AWS::Scheduler::", "AWS::SecretsManager::"),
    *("AWS::Lambda::Alias", "AWS::Lambda::EventInvokeConfig", "AWS::Lambda::Permission"),
    "AWS::Lambda::Version",
)
# Attributes of RDS that moto has not got.
NOT_OF_RDS = {"MasterUserSecret.SecretArn", "DbiResourceId"}
PLACEHOLDER = re.compile(r"\$\{(\w+)(?:\.([\w.]+))?\}")
LEFT_OUT = "a:word:for:what:is:left:out"


def unknown(name: str, attribute: str | None, gone: set[str]) -> bool:
    """Tell whether a reference leads to what is left out."""
    return name in gone or attribute in NOT_OF_RDS


def reduced(value: Any, gone: set[str]) -> Any:
    """Put a word where a reference leads to what is left out."""
    if isinstance(value, list):
        return [reduced(item, gone) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("Ref") in gone:
        return LEFT_OUT
    if "Fn::GetAtt" in value:
        name, _, attribute = ".".join(value["Fn::GetAtt"]).partition(".")
        return LEFT_OUT if unknown(name, attribute, gone) else value
    if isinstance(value.get("Fn::Sub"), str):
        text = PLACEHOLDER.sub(
            lambda found: LEFT_OUT if unknown(found[1], found[2], gone) else found[0], value["Fn::Sub"]
        )
        return {"Fn::Sub": text}
    return {key: reduced(item, gone) for key, item in value.items()}


def for_moto(template: dict[str, Any]) -> dict[str, Any]:
    """Give the part of a template that moto can make."""
    gone = {name for name, one in template["Resources"].items() if one["Type"].startswith(NOT_IN_MOTO)}
    kept = {name: dict(one) for name, one in template["Resources"].items() if name not in gone}
    for resource in kept.values():
        needed = resource.pop("DependsOn", [])
        resource["DependsOn"] = [
            name for name in ([needed] if isinstance(needed, str) else needed) if name not in gone
        ]
    kept = reduced(kept, gone)
    for resource in kept.values():
        if resource["Type"] == "AWS::Lambda::Function":
            resource["Properties"]["Code"] = {"ZipFile": "def handler(event, context): pass"}
    # moto takes the group for its name, and asks SSM of AWS for the image.
    del kept["Database"]["Properties"]["DBParameterGroupName"]
    parameters = template["Parameters"] | {"MigrationImage": {"Type": "String", "Default": "ami-12345678"}}
    return {**template, "Parameters": parameters, "Resources": kept, "Outputs": {}}


def an_archive() -> bytes:
    """Zip one small file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("python/something.py", "")
    return buffer.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize(
    "given",
    [
        {},
        {"MigrationDoor": "open", "NatGateways": "2"},
        {"NatGateways": "0", "OidcIssuer": "https://id.example"},
    ],
    ids=["defaults", "everything", "least"],
)
def test_what_moto_knows_of_the_stack_can_be_made(
    given: dict[str, str], translated: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """CREATE_COMPLETE, with every unconditional resource, and the others where they are asked for."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    template = for_moto(translated)
    with mock_aws():
        bucket = boto3.client("s3")
        bucket.create_bucket(Bucket="bucket")
        for name in ("SharedLayer", "MigrationsLayer"):
            bucket.put_object(Bucket="bucket", Key=f"{name}-first", Body=an_archive())
        stacks = boto3.client("cloudformation")
        stacks.create_stack(
            StackName="frontdesk-dev",
            TemplateBody=json.dumps(template),
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()],
            Capabilities=["CAPABILITY_IAM"],
        )
        status = stacks.describe_stacks(StackName="frontdesk-dev")["Stacks"][0]["StackStatus"]
        pages = stacks.get_paginator("list_stack_resources").paginate(StackName="frontdesk-dev")
        made = {one["LogicalResourceId"] for page in pages for one in page["StackResourceSummaries"]}
    assert status == "CREATE_COMPLETE"
    always = {name for name, one in template["Resources"].items() if "Condition" not in one}
    assert always <= made
    assert ("NatA" in made) == (given.get("NatGateways") != "0")
    assert ("DoorMachine" in made) == (given.get("MigrationDoor") == "open")
    assert len(always) > 80
