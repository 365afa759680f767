"""What the local stack needs to know of template.yaml: functions, routes, queues, sources, schedules.

The template stays the only place where these are written, so the laptop and the cloud cannot drift.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from local.intrinsics import ABSENT, Scope, UnresolvedError, load_yaml, references, resolve
from local.template_records import (
    Authorizer,
    Function,
    HttpRoute,
    Queue,
    QueueSource,
    Schedule,
    SocketRoute,
    Template,
    TemplateError,
)

FUNCTION = "AWS::Serverless::Function"
QUEUE = "AWS::SQS::Queue"
ROUTE = "AWS::ApiGatewayV2::Route"
INTEGRATION = "AWS::ApiGatewayV2::Integration"
HTTP_API = "AWS::Serverless::HttpApi"
WEBSOCKET_API = "AWS::Serverless::WebSocketApi"

# Lambda's and SQS's own defaults, for properties a template leaves out.
DEFAULT_TIMEOUT_SECONDS = 3
DEFAULT_MEMORY_MB = 128
DEFAULT_VISIBILITY_SECONDS = 30
DEFAULT_RETENTION_SECONDS = 345_600
DEFAULT_BATCH_SIZE = 10


def read_template(path: Path, values: Mapping[str, Any]) -> Template:
    """Read a SAM template; `values` are the local meanings of parameters and pseudo parameters.

    Raises TemplateError with one sentence that names the file and the resource.
    """
    try:
        document = load_yaml(path.read_text(encoding="utf-8"))
    except OSError as problem:
        msg = f"{path.name} cannot be read: {problem.strerror}"
        raise TemplateError(msg) from problem
    return parse_template(document, values)


def parse_template(document: Mapping[str, Any], values: Mapping[str, Any]) -> Template:
    """Turn a loaded template into records; raises TemplateError naming the resource at fault."""
    scope = Scope(
        values=values,
        parameters=document.get("Parameters") or {},
        conditions=document.get("Conditions") or {},
        mappings=document.get("Mappings") or {},
    )
    present = {
        name: resource
        for name, resource in (document.get("Resources") or {}).items()
        if _is_present(name, resource, scope)
    }
    defaults = (document.get("Globals") or {}).get("Function") or {}
    functions = [(name, _with_globals(resource, defaults)) for name, resource in _of_type(present, FUNCTION)]
    return Template(
        functions=tuple(_function(name, properties, scope) for name, properties in functions),
        http_routes=tuple(_http_routes(functions, scope)),
        queues=tuple(_queue(name, r.get("Properties") or {}, scope) for name, r in _of_type(present, QUEUE)),
        sources=tuple(_sources(functions, scope)),
        schedules=tuple(_schedules(functions, scope)),
        socket_routes=tuple(_socket_routes(present, [name for name, _ in functions])),
        raw_authorizers=dict(_raw_authorizers(present)),
        scope=scope,
        apis=tuple(name for name, r in present.items() if str(r.get("Type")).endswith("Api")),
    )


def environment(function: Function, scope: Scope, overrides: Mapping[str, str]) -> dict[str, str]:
    """Give the environment variables of a function as text; an override spares resolving that variable.

    Overrides apply only to variables the template names, so that a variable missing there is missed
    on the laptop too. Raises TemplateError naming function and variable.
    """
    variables: dict[str, str] = {}
    for name, value in function.environment.items():
        if name in overrides:
            variables[name] = overrides[name]
            continue
        found = _resolved(value, scope, f"{function.name}: environment variable {name}")
        if found is not ABSENT:
            variables[name] = str(found).lower() if isinstance(found, bool) else str(found)
    return variables


def authorizers(template: Template) -> tuple[Authorizer, ...]:
    """Say whose tokens the HTTP API takes; raises TemplateError where that is not known on this machine."""
    found = []
    for name, raw in template.raw_authorizers.items():
        settings = _resolved(raw.get("JwtConfiguration") or {}, template.scope, f"authorizer {name}")
        found.append(Authorizer(name, str(settings["issuer"]), tuple(map(str, settings["audience"]))))
    return tuple(found)


def _is_present(name: str, resource: Mapping[str, Any], scope: Scope) -> bool:
    condition = resource.get("Condition")
    return condition is None or bool(_resolved({"Condition": condition}, scope, name))


def _of_type(resources: Mapping[str, Any], kind: str) -> list[tuple[str, dict[str, Any]]]:
    return [(name, resource) for name, resource in resources.items() if resource.get("Type") == kind]


def _with_globals(resource: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    own = resource.get("Properties") or {}
    merged = {**defaults, **own}
    # SAM merges maps key by key; of the maps, only the environment matters here.
    merged["Environment"] = {
        **((defaults.get("Environment") or {}).get("Variables") or {}),
        **((own.get("Environment") or {}).get("Variables") or {}),
    }
    return merged


def _function(name: str, properties: Mapping[str, Any], scope: Scope) -> Function:
    def number(key: str, default: int | None) -> int | None:
        value = _resolved(properties.get(key, default), scope, f"{name}: {key}")
        return None if value is None or value is ABSENT else int(value)

    handler = properties.get("Handler")
    if not isinstance(handler, str):
        msg = f"{name} has no Handler"
        raise TemplateError(msg)
    return Function(
        name=name,
        handler=handler,
        timeout_seconds=number("Timeout", DEFAULT_TIMEOUT_SECONDS) or DEFAULT_TIMEOUT_SECONDS,
        memory_mb=number("MemorySize", DEFAULT_MEMORY_MB) or DEFAULT_MEMORY_MB,
        environment=properties["Environment"],
        concurrency=number("ReservedConcurrentExecutions", None),
    )


def _events(
    functions: list[tuple[str, dict[str, Any]]], *kinds: str
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for name, properties in functions:
        for event_name, event in (properties.get("Events") or {}).items():
            if event.get("Type") in kinds:
                yield name, event_name, event.get("Properties") or {}


def _http_routes(functions: list[tuple[str, dict[str, Any]]], scope: Scope) -> Iterator[HttpRoute]:
    for function, event, properties in _events(functions, "HttpApi"):
        path = _resolved(properties.get("Path", "$default"), scope, f"{function}: path of {event}")
        method = str(properties.get("Method", "ANY")).upper()
        timeout = _resolved(properties.get("TimeoutInMillis", 30_000), scope, f"{function}: {event}")
        yield HttpRoute(
            function=function,
            method="ANY" if method in {"*", "X-AMAZON-APIGATEWAY-ANY-METHOD"} else method,
            path=str(path),
            timeout_seconds=int(timeout) / 1000,
            authorizer=(properties.get("Auth") or {}).get("Authorizer"),
        )


def _raw_authorizers(resources: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for api, resource in _of_type(resources, HTTP_API):
        auth = (resource.get("Properties") or {}).get("Auth") or {}
        if auth.get("DefaultAuthorizer"):
            msg = f"{api} has a DefaultAuthorizer: name it at each event, so that an open route is a decision"
            raise TemplateError(msg)
        yield from (auth.get("Authorizers") or {}).items()


def _queue(name: str, properties: Mapping[str, Any], scope: Scope) -> Queue:
    def seconds(key: str, default: int) -> int:
        return int(_resolved(properties.get(key, default), scope, f"{name}: {key}"))

    redrive = properties.get("RedrivePolicy") or {}
    targets = references(redrive.get("deadLetterTargetArn"))
    receives = _resolved(redrive.get("maxReceiveCount"), scope, f"{name}: maxReceiveCount")
    return Queue(
        name=name,
        visibility_seconds=seconds("VisibilityTimeout", DEFAULT_VISIBILITY_SECONDS),
        retention_seconds=seconds("MessageRetentionPeriod", DEFAULT_RETENTION_SECONDS),
        delay_seconds=seconds("DelaySeconds", 0),
        dead_letter_queue=targets[0] if targets else None,
        max_receive_count=int(receives) if receives is not None else None,
    )


def _sources(functions: list[tuple[str, dict[str, Any]]], scope: Scope) -> Iterator[QueueSource]:
    for function, event, raw in _events(functions, "SQS"):
        queues = references(raw.get("Queue"))
        if not queues:
            msg = f"{function}: {event} must name a queue of this template with !GetAtt"
            raise TemplateError(msg)
        rest = {key: part for key, part in raw.items() if key != "Queue"}
        properties = _resolved(rest, scope, f"{function}: {event}")
        if str(properties.get("Enabled", True)).lower() == "false":
            continue
        yield QueueSource(
            function=function,
            queue=queues[0],
            batch_size=int(properties.get("BatchSize", DEFAULT_BATCH_SIZE)),
            window_seconds=float(properties.get("MaximumBatchingWindowInSeconds", 0)),
            concurrency=(properties.get("ScalingConfig") or {}).get("MaximumConcurrency"),
            reports_failures="ReportBatchItemFailures" in (properties.get("FunctionResponseTypes") or []),
        )


def _schedules(functions: list[tuple[str, dict[str, Any]]], scope: Scope) -> Iterator[Schedule]:
    for function, event, raw in _events(functions, "Schedule", "ScheduleV2"):
        expression = raw.get("ScheduleExpression", raw.get("Schedule"))
        state = _resolved(raw.get("State", "ENABLED"), scope, f"{function}: {event}")
        enabled = _resolved(raw.get("Enabled", True), scope, f"{function}: {event}")
        if state == "DISABLED" or str(enabled).lower() == "false":
            continue
        yield Schedule(
            function=function,
            name=event,
            expression=str(_resolved(expression, scope, f"{function}: schedule {event}")),
            input=_resolved(raw.get("Input"), scope, f"{function}: input of {event}"),
        )


def _socket_routes(resources: Mapping[str, Any], functions: list[str]) -> Iterator[SocketRoute]:
    """Find which function answers a WebSocket route, through its integration or SAM's own resource."""
    for _, api in _of_type(resources, WEBSOCKET_API):
        for key, route in ((api.get("Properties") or {}).get("Routes") or {}).items():
            for function in _functions_named(route, resources, functions):
                yield SocketRoute(function, key)
    for _, route in _of_type(resources, ROUTE):
        properties = route.get("Properties") or {}
        for function in _functions_named(properties.get("Target"), resources, functions):
            yield SocketRoute(function, str(properties.get("RouteKey")))


def _functions_named(value: Any, resources: Mapping[str, Any], functions: list[str]) -> list[str]:
    named = references(value)
    for name in list(named):
        resource = resources.get(name) or {}
        if resource.get("Type") == INTEGRATION:
            named += references((resource.get("Properties") or {}).get("IntegrationUri"))
    return [name for name in dict.fromkeys(named) if name in functions]


def _resolved(value: Any, scope: Scope, where: str) -> Any:
    try:
        return resolve(value, scope)
    except UnresolvedError as problem:
        msg = f"template.yaml, {where}: {problem}"
        raise TemplateError(msg) from problem


def snake_case(logical_id: str) -> str:
    """Turn a queue's logical id into its short name: SmsQueue -> sms, SmsDeadLetterQueue -> sms_dlq."""
    base, suffix = logical_id, ""
    if base.endswith("DeadLetterQueue"):
        base, suffix = base.removesuffix("DeadLetterQueue"), "_dlq"
    else:
        base = base.removesuffix("Queue")
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", base).lower() + suffix
