"""How the commands are written: groups, commands, examples, and errors of one sentence."""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn


@dataclass(frozen=True, slots=True)
class Told:
    """What a command came to: `data` for --json, `lines` for people."""

    data: Any
    lines: Sequence[str]


class RefusedError(Exception):
    """A command cannot be done; the message is one sentence with what is wrong and what to do."""


class Parser(argparse.ArgumentParser):
    """argparse, with one sentence for an error instead of the whole usage."""

    def error(self, message: str) -> NoReturn:
        """End with status 2 and one sentence."""
        sentence = message.removeprefix("argument ").replace(
            "the following arguments are required:", "missing:"
        )
        self.exit(2, f"{self.prog}: {sentence}\nSee `{self.prog} --help`.\n")


type Command = Callable[[argparse.Namespace], Told]
type Groups = argparse._SubParsersAction[Parser]  # noqa: SLF001 - argparse has no public name for it


def top(prog: str, description: str, examples: Sequence[str]) -> tuple[Parser, Groups]:
    """Make the whole command."""
    parser = Parser(prog=prog, description=description, **_looks(examples))
    return parser, _branches(parser)


def group(groups: Groups, name: str, summary: str, examples: Sequence[str]) -> Groups:
    """Add a group of commands."""
    return _branches(
        groups.add_parser(name, help=summary, description=_sentence(summary), **_looks(examples))
    )


def command(
    groups: Groups, name: str, run: Command, summary: str, examples: Sequence[str], more: str = ""
) -> Parser:
    """Add one command; `more` says in its help what the summary cannot."""
    description = f"{_sentence(summary)} {more}".strip()
    parser = groups.add_parser(name, help=summary, description=description, **_looks(examples))
    parser.set_defaults(run=run, prog=parser.prog)
    how = parser.add_argument_group("where and how")
    how.add_argument("--local", action="store_true", help="work on the stack that `make run` started here")
    how.add_argument("--json", action="store_true", help="print the result as JSON")
    return parser


def clinic(parser: Parser) -> None:
    """Take the clinic a command is about."""
    parser.add_argument("slug", metavar="SLUG", help="the clinic, as `frontdesk org list` names it")


def strangers(extras: Sequence[str]) -> str:
    """Name the arguments nobody asked for, without their values: one of them might be a secret."""
    options = [extra.partition("=")[0] for extra in extras if extra.startswith("--")]
    others = len(extras) - len(options)
    named = [*options, *([f"{others} more word{'s' if others > 1 else ''}"] if others else [])]
    early = {"--local", "--json"} & set(options)
    hint = "; --local and --json go after the command's name" if early else ""
    return f"there is no place for {', '.join(named)} here{hint}"


def _branches(parser: Parser) -> Groups:
    return parser.add_subparsers(
        title="commands", metavar="COMMAND", required=True, dest=argparse.SUPPRESS, parser_class=Parser
    )


def _looks(examples: Sequence[str]) -> dict[str, Any]:
    lines = "\n".join(f"  {example}" for example in examples)
    return {
        "epilog": f"examples:\n{lines}",
        "formatter_class": _Formatter,
        "allow_abbrev": False,  # an abbreviation that works today may mean something else tomorrow
    }


def _sentence(summary: str) -> str:
    return f"{summary[0].upper()}{summary[1:]}."


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Keep the examples' lines, wrap the description."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if text.startswith("examples:"):
            return super()._fill_text(text, width, indent)
        return argparse.HelpFormatter._fill_text(self, text, width, indent)  # noqa: SLF001 - as its parent
