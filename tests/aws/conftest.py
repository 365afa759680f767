"""What the tests of the AWS side share: the template as data, and the built function."""

from pathlib import Path
from typing import Any

import pytest
from samcli.yamlhelper import yaml_parse

from scripts import build
from tests.aws import emulator, translation


@pytest.fixture(scope="session")
def sam_template() -> dict[str, Any]:
    """Read template.yaml; !Ref and its like become {"Ref": ...}, {"Fn::GetAtt": [...]} and so on."""
    parsed: dict[str, Any] = yaml_parse((build.ROOT / "template.yaml").read_text())
    return parsed


@pytest.fixture(scope="session")
def translated() -> dict[str, Any]:
    """Turn the template into what CloudFormation gets, as the SAM transform does, with every default."""
    return translation.translate(build.ROOT / "template.yaml")


@pytest.fixture(scope="session")
def built() -> Path:
    """Return .aws-sam/build, built anew only when it was made from other sources."""
    reason = emulator.why_impossible()
    if reason:
        pytest.skip(reason)
    build.build_if_stale()
    return build.BUILD
