"""The environment: what the code reads is what the template gives, and the other way round."""

import ast
from typing import Any

import pytest

from scripts.build import ROOT

# Given by Lambda itself to every function.
FROM_LAMBDA = ("AWS_", "LAMBDA_", "_HANDLER", "TZ")
# Read by Powertools, not by us.
FROM_POWERTOOLS = {"POWERTOOLS_LOG_LEVEL", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_SERVICE_NAME"}
READERS = {"environ", "environment", "env", "variables", "getenv"}


def reads_the_environment(node: ast.expr) -> bool:
    """Tell whether an expression is os.environ, or a mapping passed on under one of its usual names."""
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return name in READERS


def name_read(node: ast.AST) -> str | None:
    """Give the variable one expression reads: environ["X"], environ.get("X"), getenv("X"), "X" in environ."""
    key: ast.expr | None = None
    if isinstance(node, ast.Subscript) and reads_the_environment(node.value):
        key = node.slice
    elif isinstance(node, ast.Call) and node.args:
        function = node.func
        of_mapping = isinstance(function, ast.Attribute) and reads_the_environment(function.value)
        if of_mapping or reads_the_environment(function):
            key = node.args[0]
    elif isinstance(node, ast.Compare) and any(map(reads_the_environment, node.comparators)):
        key = node.left
    if isinstance(key, ast.Constant) and isinstance(key.value, str) and key.value.isupper():
        return key.value
    return None


def names_read() -> dict[str, str]:
    """Give every variable the deployed code reads, with the file that reads it."""
    found = {}
    for tree in ("functions", "layers/shared/frontdesk"):
        for path in sorted((ROOT / tree).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                name = name_read(node)
                if name:
                    found[name] = str(path.relative_to(ROOT))
    return found


def names_given(template: dict[str, Any]) -> set[str]:
    """Give every variable the template sets, for all functions or for one."""
    given = set(template["Globals"]["Function"]["Environment"]["Variables"])
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            given |= set(resource["Properties"].get("Environment", {}).get("Variables", {}))
    return given


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ('os.environ["STAGE"]', "STAGE"),
        ('os.environ.get("STAGE", "dev")', "STAGE"),
        ('os.getenv("STAGE")', "STAGE"),
        ('env["STAGE"]', "STAGE"),
        ('"STAGE" in os.environ', "STAGE"),
        ('headers["STAGE"]', None),
    ],
)
def test_a_read_of_the_environment_is_seen(source: str, name: str | None) -> None:
    """The scan below knows every way one reads a variable, and takes no other mapping for it."""
    seen = {name_read(node) for node in ast.walk(ast.parse(source))} - {None}
    assert seen == ({name} if name else set())


def test_every_variable_the_code_reads_is_in_the_template(sam_template: dict[str, Any]) -> None:
    """A variable only the laptop sets would be missed on AWS first."""
    missing = {
        name: path
        for name, path in names_read().items()
        if name not in names_given(sam_template) and not name.startswith(FROM_LAMBDA)
    }
    assert not missing


def test_every_variable_in_the_template_is_read(sam_template: dict[str, Any]) -> None:
    """A variable nobody reads is a setting that seems to work."""
    unread = names_given(sam_template) - set(names_read()) - FROM_POWERTOOLS
    assert not unread
