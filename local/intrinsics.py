"""CloudFormation's intrinsic functions, resolved from values known on this machine.

Only what a SAM template of ours can hold is understood. Anything else is an error which names the
place in the template, because a silently empty variable would be found much later, in a handler.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

# `${Name}` and `${Name.Attribute}`; `${!Name}` is CloudFormation's way to write a literal `${Name}`.
PLACEHOLDER = re.compile(r"\$\{(!?)([^}]+)\}")


class UnresolvedError(Exception):
    """A value of the template is not known on this machine."""


class _Absent:
    """Stands for `!Ref AWS::NoValue`, which removes the property it is given to."""


ABSENT = _Absent()


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short tags (`!Ref`, `!Sub`, ...) as their long form."""


def _short_tag(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short_tag)


def load_yaml(text: str) -> dict[str, Any]:
    """Read a template's text into plain dicts and lists, short tags in their long form."""
    document = yaml.load(text, Loader=_Loader)  # a SafeLoader with our tags, so nothing is executed
    if not isinstance(document, dict):
        msg = "the template is empty or not a mapping"
        raise UnresolvedError(msg)
    return document


@dataclass(frozen=True, slots=True)
class Scope:
    """What the names in a template mean here.

    `values` maps `Name`, `Name.Attribute` and `AWS::Pseudo` to their local value. Parameters which
    are not among them take their Default.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    conditions: Mapping[str, Any] = field(default_factory=dict)
    mappings: Mapping[str, Any] = field(default_factory=dict)

    def lookup(self, name: str) -> Any:
        """Return the local value of a name; raise UnresolvedError when there is none."""
        if name == "AWS::NoValue":
            return ABSENT
        if name in self.values:
            return self.values[name]
        parameter = self.parameters.get(name)
        if isinstance(parameter, dict) and "Default" in parameter:
            return parameter["Default"]
        msg = f"{name} has no local value"
        raise UnresolvedError(msg)


def resolve(value: Any, scope: Scope) -> Any:
    """Replace every intrinsic in `value` by its local meaning; raise UnresolvedError if one has none."""
    if isinstance(value, list):
        return [item for item in (resolve(part, scope) for part in value) if item is not ABSENT]
    if not isinstance(value, dict):
        return _refuse_dynamic(value)
    if len(value) == 1:
        [(name, argument)] = value.items()
        if name == "Condition" and isinstance(argument, str):
            return _condition(argument, scope)
        if name in _INTRINSICS:
            return _INTRINSICS[name](argument, scope)
        if name.startswith("Fn::"):
            msg = f"{name} is not understood by the local stack"
            raise UnresolvedError(msg)
    resolved = {key: resolve(part, scope) for key, part in value.items()}
    return {key: part for key, part in resolved.items() if part is not ABSENT}


def references(value: Any) -> list[str]:
    """List the logical names a value refers to, in the order they stand, attributes cut off."""
    if isinstance(value, list):
        return [name for part in value for name in references(part)]
    if not isinstance(value, dict):
        return []
    names: list[str] = []
    for key, argument in value.items():
        if key == "Ref":
            names.append(str(argument))
        elif key == "Fn::GetAtt":
            names.append(str(argument[0]))
        elif key == "Fn::Sub":
            text = argument if isinstance(argument, str) else argument[0]
            names += [name.split(".")[0] for literal, name in PLACEHOLDER.findall(text) if not literal]
            names += references(argument)
        else:
            names += references(argument)
    return names


def _refuse_dynamic(value: Any) -> Any:
    if isinstance(value, str) and "{{resolve:" in value:
        msg = "a {{resolve:...}} reference is only known to AWS; give the local stack its own value"
        raise UnresolvedError(msg)
    return value


def _ref(argument: Any, scope: Scope) -> Any:
    return scope.lookup(str(argument))


def _get_att(argument: Any, scope: Scope) -> Any:
    parts = argument if isinstance(argument, list) else [argument]
    return scope.lookup(".".join(str(resolve(part, scope)) for part in parts))


def _sub(argument: Any, scope: Scope) -> Any:
    text, own = (argument, {}) if isinstance(argument, str) else (argument[0], resolve(argument[1], scope))

    def replace(found: re.Match[str]) -> str:
        literal, name = found.groups()
        if literal:
            return "${" + name + "}"
        return str(own[name] if name in own else scope.lookup(name))

    return _refuse_dynamic(PLACEHOLDER.sub(replace, text))


def _join(argument: Any, scope: Scope) -> Any:
    separator, parts = argument
    return str(separator).join(str(part) for part in resolve(parts, scope))


def _select(argument: Any, scope: Scope) -> Any:
    index, parts = argument
    return resolve(parts, scope)[int(index)]


def _split(argument: Any, scope: Scope) -> Any:
    separator, text = argument
    return str(resolve(text, scope)).split(str(separator))


def _if(argument: Any, scope: Scope) -> Any:
    name, then, otherwise = argument
    return resolve(then if _condition(name, scope) else otherwise, scope)


def _condition(name: str, scope: Scope) -> bool:
    if name not in scope.conditions:
        msg = f"condition {name} is not defined"
        raise UnresolvedError(msg)
    return bool(resolve(scope.conditions[name], scope))


def _equals(argument: Any, scope: Scope) -> bool:
    left, right = resolve(argument, scope)
    return str(left) == str(right)  # CloudFormation compares text, and YAML may have read a number


def _find_in_map(argument: Any, scope: Scope) -> Any:
    name, first, second = resolve(argument, scope)
    try:
        return scope.mappings[name][first][second]
    except KeyError:
        msg = f"mapping {name} has no {first}.{second}"
        raise UnresolvedError(msg) from None


_INTRINSICS: dict[str, Callable[[Any, Scope], Any]] = {
    "Ref": _ref,
    "Fn::GetAtt": _get_att,
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::If": _if,
    "Fn::Equals": _equals,
    "Fn::And": lambda argument, scope: all(resolve(part, scope) for part in argument),
    "Fn::Or": lambda argument, scope: any(resolve(part, scope) for part in argument),
    "Fn::Not": lambda argument, scope: not resolve(argument[0], scope),
    "Fn::FindInMap": _find_in_map,
}
