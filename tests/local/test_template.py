"""The local stack reads the template as CloudFormation and SAM would."""

from pathlib import Path
from typing import Any

import pytest

from local.environment import pseudo_parameters
from local.intrinsics import Scope, UnresolvedError, load_yaml, resolve
from local.schedules import interval_seconds
from local.template import environment, parse_template, read_template, snake_case
from local.template_records import HttpRoute, Schedule, SocketRoute, TemplateError

SMALL = """
Parameters:
  Stage: {Type: String, Default: dev}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsNotProd: !Not [!Condition IsProd]
Globals:
  Function:
    Timeout: 7
    Environment:
      Variables: {STAGE: !Ref Stage, LEVEL: INFO}
Resources:
  WorkFunction:
    Type: AWS::Serverless::Function
    Properties:
      Handler: functions.work.app.handler
      MemorySize: 512
      ReservedConcurrentExecutions: 4
      Environment:
        Variables:
          LEVEL: DEBUG
          QUEUE_URL: !Ref SmsQueue
          TOPIC: !If [IsProd, prod-topic, !Sub "${Stage}-topic-${!literal}"]
          GONE: !If [IsProd, kept, !Ref AWS::NoValue]
          SECRET: "{{resolve:secretsmanager:Keys}}"
          FLAG: true
      Events:
        Tool: {Type: HttpApi, Properties: {Method: post, Path: "/tools/{name}"}}
        Slow: {Type: HttpApi, Properties: {Method: GET, Path: /slow, TimeoutInMillis: 5000}}
        Rest: {Type: HttpApi}
        Messages:
          Type: SQS
          Properties:
            Queue: !GetAtt SmsQueue.Arn
            BatchSize: 5
            MaximumBatchingWindowInSeconds: 1
            ScalingConfig: {MaximumConcurrency: 2}
            FunctionResponseTypes: [ReportBatchItemFailures]
        Every: {Type: Schedule, Properties: {Schedule: rate(1 minute)}}
        Later: {Type: ScheduleV2, Properties: {ScheduleExpression: rate(2 hours), State: DISABLED}}
  ProdFunction:
    Type: AWS::Serverless::Function
    Condition: IsProd
    Properties: {Handler: functions.prod.app.handler}
  SmsQueue:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 180
      RedrivePolicy: {deadLetterTargetArn: !GetAtt SmsDeadLetterQueue.Arn, maxReceiveCount: 5}
  SmsDeadLetterQueue:
    Type: AWS::SQS::Queue
    Properties: {MessageRetentionPeriod: 1209600}
  ConnectRoute:
    Type: AWS::ApiGatewayV2::Route
    Properties: {RouteKey: $connect, Target: !Sub "integrations/${ConnectIntegration}"}
  ConnectIntegration:
    Type: AWS::ApiGatewayV2::Integration
    Properties: {IntegrationUri: !Sub "arn:x:lambda:path/functions/${WorkFunction.Arn}/invocations"}
"""


def _small(**values: str) -> Any:
    return parse_template(load_yaml(SMALL), {**pseudo_parameters(), **values})


def test_a_function_has_its_own_settings_over_the_globals() -> None:
    """Timeout is from Globals, memory and handler its own; a function behind a false condition is absent."""
    [function] = _small().functions
    assert (function.name, function.handler) == ("WorkFunction", "functions.work.app.handler")
    assert (function.timeout_seconds, function.memory_mb, function.concurrency) == (7, 512, 4)


def test_the_environment_is_merged_and_resolved() -> None:
    """A function's variable beats the global one; Ref, Sub, If, NoValue are resolved, booleans are text."""
    template = _small(SmsQueue="http://queue/sms")
    variables = environment(template.functions[0], template.scope, {"SECRET": "local"})
    assert variables == {
        "STAGE": "dev",
        "LEVEL": "DEBUG",
        "QUEUE_URL": "http://queue/sms",
        "TOPIC": "dev-topic-${literal}",
        "SECRET": "local",
        "FLAG": "true",
    }


def test_a_given_parameter_changes_what_conditions_choose() -> None:
    """With Stage=prod the other branch of !If is taken and the conditional function exists."""
    template = _small(Stage="prod", SmsQueue="q")
    assert [function.name for function in template.functions] == ["WorkFunction", "ProdFunction"]
    variables = environment(template.functions[0], template.scope, {"SECRET": "local"})
    assert (variables["TOPIC"], variables["GONE"]) == ("prod-topic", "kept")


@pytest.mark.parametrize(
    ("values", "overrides", "sentence"),
    [
        ({}, {"SECRET": "s"}, "WorkFunction: environment variable QUEUE_URL: SmsQueue has no local value"),
        ({"SmsQueue": "q"}, {}, "WorkFunction: environment variable SECRET: .*only known to AWS"),
    ],
)
def test_what_cannot_be_resolved_is_named(
    values: dict[str, str], overrides: dict[str, str], sentence: str
) -> None:
    """The error says which function, which variable and which name, not just that something is missing."""
    template = _small(**values)
    with pytest.raises(TemplateError, match=sentence):
        environment(template.functions[0], template.scope, overrides)


def test_an_override_of_a_variable_the_template_lacks_is_not_smuggled_in() -> None:
    """What is missing in the template is missing locally too, so it is noticed before a deployment."""
    template = _small(SmsQueue="q")
    assert "OTHER" not in environment(template.functions[0], template.scope, {"SECRET": "s", "OTHER": "x"})


def test_http_routes_keep_method_path_and_timeout() -> None:
    """An event without path and method is the $default route; the integration limit is 30 s unless given."""
    assert _small().http_routes == (
        HttpRoute("WorkFunction", "POST", "/tools/{name}", 30.0),
        HttpRoute("WorkFunction", "GET", "/slow", 5.0),
        HttpRoute("WorkFunction", "ANY", "$default", 30.0),
    )


def test_queues_and_their_sources_are_read() -> None:
    """Visibility, redrive, retention, batch size, window, concurrency and partial failures all come over."""
    template = _small()
    sms, dead = template.queues
    assert (sms.visibility_seconds, sms.dead_letter_queue, sms.max_receive_count) == (
        180,
        "SmsDeadLetterQueue",
        5,
    )
    assert (dead.visibility_seconds, dead.retention_seconds) == (30, 1_209_600)
    [source] = template.sources
    assert (source.queue, source.batch_size, source.window_seconds) == ("SmsQueue", 5, 1.0)
    assert (source.concurrency, source.reports_failures) == (2, True)


def test_schedules_are_read_and_disabled_ones_left_out() -> None:
    """A disabled schedule never fires on AWS, so it does not here."""
    [schedule] = _small().schedules
    assert (schedule.name, interval_seconds(schedule)) == ("Every", 60)


def test_a_schedule_the_stack_cannot_play_is_refused_by_name() -> None:
    """cron(...) is not silently ignored."""
    with pytest.raises(TemplateError, match="schedule Nightly is 'cron"):
        interval_seconds(Schedule("WorkFunction", "Nightly", "cron(0 3 * * ? *)", None))


def test_websocket_routes_lead_through_their_integration_to_the_function() -> None:
    """A route names an integration, the integration names the function."""
    assert _small().socket_routes == (SocketRoute("WorkFunction", "$connect"),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('!Join ["-", [a, !Ref X]]', "a-here"),
        ('!Select [1, !Split [":", "a:b:c"]]', "b"),
        ("!GetAtt X.Arn", "arn"),
        ('!Sub ["${A}/${X.Arn}", {A: !Ref X}]', "here/arn"),
        ("!FindInMap [M, one, two]", 3),
        ("!Or [!Equals [1, '2'], !And [!Equals [1, '1'], !Not [!Equals [a, b]]]]", True),
    ],
)
def test_an_intrinsic_means_what_cloudformation_says(text: str, expected: Any) -> None:
    """Each intrinsic function a template of ours may use, in its short form."""
    scope = Scope(values={"X": "here", "X.Arn": "arn"}, mappings={"M": {"one": {"two": 3}}})
    assert resolve(load_yaml(f"value: {text}")["value"], scope) == expected


def test_an_unknown_intrinsic_is_an_error() -> None:
    """Cidr, ImportValue and the like are refused, not passed on as a dict."""
    with pytest.raises(UnresolvedError, match="Fn::ImportValue"):
        resolve(load_yaml("value: !ImportValue other")["value"], Scope())


@pytest.mark.parametrize(
    ("logical_id", "name"),
    [("SmsQueue", "sms"), ("NotifyDeadLetterQueue", "notify_dlq"), ("StaffMailQueue", "staff_mail")],
)
def test_a_queues_short_name_is_its_logical_id_in_snake_case(logical_id: str, name: str) -> None:
    """These are the names stack.json promises."""
    assert snake_case(logical_id) == name


def test_the_projects_own_template_can_be_read() -> None:
    """template.yaml itself: the booking function, its three routes and six queues with their redrive."""
    template = read_template(Path(__file__).parents[2] / "template.yaml", pseudo_parameters())
    routes = {
        (route.method, route.path) for route in template.http_routes if route.function == "BookFunction"
    }
    assert {("POST", "/api/vapi/tools"), ("POST", "/api/vapi/tools/{toolName}"), ("GET", "/health")} <= routes
    names = {snake_case(queue.name) for queue in template.queues}
    assert {"sms", "calendar", "notify", "sms_dlq", "calendar_dlq", "notify_dlq"} <= names
    redrive = {
        snake_case(q.name): q.dead_letter_queue
        for q in template.queues
        if not q.name.endswith("DeadLetterQueue")
    }
    assert redrive["sms"] == "SmsDeadLetterQueue"
