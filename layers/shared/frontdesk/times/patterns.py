"""Match rows of roles such as "the? ord of month year?" against tokens."""

from collections.abc import Callable, Sequence
from itertools import product

from frontdesk.times.vocabulary import Token

type Build[T] = Callable[[dict[str, int]], T | None]


class Node[T]:
    """Hold one step of the tree of rows: what may come next under each role, and what is complete here."""

    __slots__ = ("builds", "next")

    def __init__(self) -> None:
        self.next: dict[str, list[tuple[str, Node[T]]]] = {}
        self.builds: list[Build[T]] = []

    def step(self, name: str) -> "Node[T]":
        """Go on under a role, making the step when it is new."""
        known = self.next.setdefault(name.rstrip("2"), [])
        for other, node in known:
            if other == name:
                return node
        fresh: Node[T] = Node()
        known.append((name, fresh))
        return fresh


def table[T](rows: Sequence[tuple[str, Build[T]]]) -> Node[T]:
    """Build the tree of rows; "role?" is optional, "a|b" a choice, and a build giving None is no match.

    A role used twice in a row is told apart by a number: "num num2" matches two tokens with the role num.
    """
    root: Node[T] = Node()
    for row, build in rows:
        choices = [
            [*part.rstrip("?").split("|"), *([""] if part.endswith("?") else [])] for part in row.split()
        ]
        for combination in product(*choices):
            node = root
            for name in filter(None, combination):
                node = node.step(name)
            node.builds.append(build)
    return root


def matches[T](root: Node[T], tokens: Sequence[Token], at: int) -> list[tuple[T, int]]:
    """Find every row that fits at a position: what it built, and the position after it."""
    found: list[tuple[T, int]] = []
    waiting: list[tuple[Node[T], int, dict[str, int]]] = [(root, at, {})]
    while waiting:
        node, end, values = waiting.pop()
        for build in node.builds:
            built = build(values)
            if built is not None:
                found.append((built, end))
        if end == len(tokens) or not node.next:
            continue
        for role, value in tokens[end].roles.items():
            for name, following in node.next.get(role, ()):
                waiting.append((following, end + 1, {**values, name: value}))
    return found


def role_at(tokens: Sequence[Token], at: int, *roles: str) -> bool:
    """Tell whether the token at a position can play one of the roles; False beyond the end."""
    return at < len(tokens) and any(role in tokens[at].roles for role in roles)
