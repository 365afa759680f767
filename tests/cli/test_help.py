"""The help: on every level, with examples that are true."""

import argparse
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.__main__ import make_parser
from cli.grammar import Parser
from tests.cli.conftest import ROOT


def _parsers(parser: Parser) -> Iterator[Parser]:
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from _parsers(below)


PARSERS = list(_parsers(make_parser()))


def test_the_page_and_the_grammar_have_the_same_commands() -> None:
    """The table in docs/operator.md lists each command that there is, and no other."""
    page = (ROOT / "docs/operator.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(frontdesk [a-z -]+)` \|", page, re.MULTILINE)
    assert sorted(listed) == sorted(parser.prog for parser in PARSERS if parser.get_default("run"))


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.prog)
def test_every_level_has_examples_that_parse(parser: Parser) -> None:
    """Each help says what it is for, explains every option, and its examples are valid command lines."""
    shown = parser.format_help()
    assert parser.description
    assert parser.description.endswith(".")
    for action in parser._actions:
        assert action.help or isinstance(action, argparse._SubParsersAction), action
    _, _, examples = shown.partition("examples:\n")
    lines = [line.strip() for line in examples.splitlines()]
    assert lines
    for line in lines:
        words = shlex.split(line.partition(" | ")[0].partition(" < ")[0])
        assert words[0] == "frontdesk"
        chosen, extras = make_parser().parse_known_args(words[1:])
        assert extras == [], line
        assert chosen.prog.startswith(parser.prog), line


def test_the_command_runs_from_anywhere_and_through_a_link(tmp_path: Path) -> None:
    """bin/frontdesk, called by a link from another directory, finds its checkout and prints its help."""
    link = tmp_path / "frontdesk"
    link.symlink_to(ROOT / "bin/frontdesk")
    ran = subprocess.run(
        [link, "org", "create", "--help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "COLUMNS": "100"},
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("usage: frontdesk org create")


def test_the_exit_status_reaches_the_shell(tmp_path: Path) -> None:
    """0 for help, 1 for what cannot be done, 2 for a wrong line, through bin/frontdesk."""
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment["FRONTDESK_LOCAL"] = str(tmp_path)
    statuses = [
        subprocess.run(
            [ROOT / "bin/frontdesk", *words], capture_output=True, timeout=120, check=False, env=environment
        ).returncode
        for words in (["--help"], ["org", "list"], ["org", "list", "--local"], ["org", "lst"])
    ]
    assert statuses == [0, 1, 1, 2]
