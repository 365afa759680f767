"""The emulator of the tests is as strict as Lambda: it offers a function nothing Lambda would not."""

from pathlib import Path

import pytest

from tests.aws import emulator

HANDLER = """
import importlib.util, os
import in_the_layer

def handler(event, context):
    if event.get("fail"):
        raise ValueError("as asked")
    names = ("in_the_layer", "awslambdaric", "pytest", "psycopg", "yaml", "scripts", "local")
    return {
        "found": [name for name in names if importlib.util.find_spec(name)],
        "given": os.environ.get("GIVEN"),
        "home": os.environ.get("HOME"),
        "function": context.function_name,
        "milliseconds_left": context.get_remaining_time_in_millis(),
    }
"""


@pytest.mark.skipif(emulator.why_impossible() is not None, reason=str(emulator.why_impossible()))
def test_a_function_sees_its_artefact_its_layer_and_the_runtime_only(tmp_path: Path) -> None:
    """What only this environment or this checkout has cannot be imported, so a gap in the layer shows."""
    task, layer, room = tmp_path / "task", tmp_path / "layer", tmp_path / "room"
    for directory in (task / "functions" / "tiny", layer, room):
        directory.mkdir(parents=True)
    (task / "functions" / "tiny" / "app.py").write_text(HANDLER)
    (layer / "in_the_layer.py").touch()

    with emulator.running(task, [layer], "functions.tiny.app.handler", {"GIVEN": "yes"}, room) as tiny:
        answer = tiny.invoke({})
        failure = tiny.invoke({"fail": True})
        init = tiny.init_milliseconds()

    assert answer["found"] == ["in_the_layer", "awslambdaric"]
    assert (answer["given"], answer["home"], answer["function"]) == ("yes", None, "book")
    assert 0 < answer["milliseconds_left"] <= 12_000
    assert (failure["errorType"], failure["errorMessage"]) == ("ValueError", "as asked")
    assert init > 0
