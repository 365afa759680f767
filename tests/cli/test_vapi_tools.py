"""The printed tool definitions: Vapi's shape, our arguments, no secret."""

import ast
import json
from typing import Any

import pytest

from functions.book import tools as book_tools
from functions.calls import voice_tools as vapi_tools
from tests.cli.conftest import ROOT, Frontdesk

LINE = "vapi tools pine --server-url https://api.example.com"


def _tools(ran: Any) -> dict[str, Any]:
    assert ran.status == 0, ran.err
    return {tool["function"]["name"]: tool for tool in json.loads(ran.out)}


def test_there_is_one_definition_for_each_tool_the_function_has(pine: Frontdesk) -> None:
    """The six printed names are exactly those the booking function answers to."""
    assert set(_tools(pine(LINE))) == set(book_tools.TOOLS)


def test_every_argument_is_one_the_function_reads() -> None:
    """No definition asks the model for what nobody reads: each name stands in functions/book/tools.py."""
    source = ast.parse((ROOT / "functions/book/tools.py").read_text(encoding="utf-8"))
    read = {node.value for node in ast.walk(source) if isinstance(node, ast.Constant)}
    asked = {argument.name for tool in vapi_tools.TOOLS for argument in tool.arguments}
    assert asked <= read, asked - read


def _shape(value: Any) -> Any:
    """Reduce JSON to its keys and types, and lists to the shapes in them."""
    if isinstance(value, dict):
        return {key: _shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return sorted({json.dumps(_shape(each), sort_keys=True) for each in value})
    return type(value).__name__


def test_they_have_the_shape_that_vapis_own_schema_was_checked_with(pine: Frontdesk) -> None:
    """Key for key, type for type each is like the sample that passed Vapi's SDK and its JSON Schema."""
    sample = json.loads((ROOT / "tests/samples/vapi-tools.json").read_text(encoding="utf-8"))
    printed = _tools(pine(LINE))
    for tool in sample:
        ours = printed[tool["function"]["name"]]
        assert _shape(ours) == _shape(tool)
        assert ours["function"]["parameters"]["required"] == tool["function"]["parameters"]["required"]


def test_the_definitions_have_vapis_shape(pine: Frontdesk) -> None:
    """Each is a function tool with a JSON Schema whose required names exist, and the keys Vapi's DTO has."""
    for name, tool in _tools(pine(LINE)).items():
        assert set(tool) == {"type", "async", "function", "parameters", "server", "messages"}
        assert (tool["type"], tool["async"]) == ("function", False)
        schema = tool["function"]["parameters"]
        assert schema["type"] == "object"
        assert set(schema["required"]) <= set(schema["properties"])
        for argument in schema["properties"].values():
            assert argument["type"] in {"string", "boolean"}
            assert argument["description"].endswith(".")
        assert tool["server"] == {
            "url": f"https://api.example.com/api/vapi/tools/{name}",
            "timeoutSeconds": 20,
            "credentialId": vapi_tools.CREDENTIAL_PLACEHOLDER,
        }
        assert [message["type"] for message in tool["messages"]] == [
            "request-start", "request-response-delayed", "request-failed",
        ]  # fmt: skip


def test_the_callers_facts_are_static_and_not_the_models(pine: Frontdesk) -> None:
    """Vapi fills caller, called number and call id in itself; none of them is an argument of the model."""
    for tool in _tools(pine(LINE)).values():
        static = {each["key"]: each["value"] for each in tool["parameters"]}
        assert static == {
            "_caller": "{{ customer.number }}",
            "_called": "{{ phoneNumber.number }}",
            "_callId": "{{ call.id }}",
        }
        assert not set(static) & set(tool["function"]["parameters"]["properties"])


def test_vapi_waits_longer_than_the_function_may_take() -> None:
    """Our sentence is ready before Vapi gives up: it waits longer than BookFunction's Timeout."""
    from samcli.yamlhelper import yaml_parse

    template = yaml_parse((ROOT / "template.yaml").read_text())
    timeout = template["Resources"]["BookFunction"]["Properties"]["Timeout"]
    assert timeout < vapi_tools.TIMEOUT_SECONDS <= 300  # Vapi's own limit


def test_no_secret_is_in_them_and_the_credential_is_named(pine: Frontdesk) -> None:
    """The clinic's secret is absent; the id of the credential that holds it is the one given."""
    secret = pine("secret vapi show pine --reveal").out.strip()
    ran = pine(f"{LINE} --credential-id cred-1")
    assert secret not in ran.out
    assert {tool["server"]["credentialId"] for tool in _tools(ran).values()} == {"cred-1"}


@pytest.mark.parametrize("given", ["https://api.example.com/", "https://api.example.com/api/vapi/tools"])
def test_the_server_url_may_be_the_output_of_the_deployment(pine: Frontdesk, given: str) -> None:
    """The address alone, with a slash, or the output VapiToolsUrl lead to the same definitions."""
    assert pine(f"vapi tools pine --server-url {given}").out == pine(LINE).out


def test_a_spanish_clinic_waits_in_spanish(pine: Frontdesk) -> None:
    """What the caller hears while a tool works is in the clinic's language."""
    pine("org create --slug sol --name Sol --time-zone Europe/Madrid --region ES --language es")
    tools = _tools(pine("vapi tools sol --server-url https://api.example.com"))
    assert tools["bookClinicAppointment"]["messages"][0]["content"] == "Muy bien, se la reservo."


def test_one_tool_can_be_printed_alone(pine: Frontdesk) -> None:
    """--tool leaves the other five out."""
    assert list(_tools(pine(f"{LINE} --tool cancelAppointment"))) == ["cancelAppointment"]
