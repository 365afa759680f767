"""The template as CloudFormation gets it: SAM's own translator, as the transform on AWS runs it."""

import os
from pathlib import Path
from typing import Any
from unittest import mock

from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

# What is said of functions, layers and nothing else by `sam package`: where the code lies.
CODE = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}


def translate(path: Path, code: str = "first") -> dict[str, Any]:
    """Translate a template; `code` stands for the content of what sam packaged: some names depend on it."""
    template = yaml_parse(path.read_text())
    for name, resource in template["Resources"].items():
        if resource["Type"] in CODE:
            resource["Properties"][CODE[resource["Type"]]] = f"s3://bucket/{name}-{code}"
    given = {
        name: parameter["Default"]
        for name, parameter in template["Parameters"].items()
        if "Default" in parameter
    }
    with mock.patch.dict(os.environ, {"AWS_DEFAULT_REGION": "us-east-1"}):
        made: dict[str, Any] = Translator({}, Parser()).translate(
            template, given | {"AWS::Region": "us-east-1", "AWS::Partition": "aws"}
        )
    return made
