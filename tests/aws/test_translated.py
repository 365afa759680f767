"""What CloudFormation gets: references lead somewhere, sources may call, functions stand in their places."""

import json
import re
from collections.abc import Iterator
from typing import Any

from scripts.build import ROOT
from tests.aws import translation
from tests.aws.test_template_relations import inside, of_type

PSEUDO = {
    f"AWS::{name}"
    for name in ("AccountId", "NoValue", "Partition", "Region", "StackId", "StackName", "URLSuffix")
}
STEP = {"MigrateOnDeployFunction", "MigrationsFunction"}
PRIVATE = {"PrivateSubnetA", "PrivateSubnetB"}
WORKERS = {"WorkerSubnetA", "WorkerSubnetB"}
# SAM gives every function the first, one in a network the second, a reader of a queue the third. They are
# AWS's own and name no resource (docs/security.md says what each of these stars is for).
MANAGED = {
    "AWSLambdaBasicExecutionRole",
    "AWSLambdaVPCAccessExecutionRole",
    "AWSLambdaSQSQueueExecutionRole",
}


def names_in(value: Any) -> Iterator[str]:
    """Give the logical name (or parameter) of every Ref, GetAtt and placeholder below a value."""
    for mapping in inside(value):
        if isinstance(mapping.get("Ref"), str):
            yield mapping["Ref"]
        attribute = mapping.get("Fn::GetAtt")
        if attribute:
            yield attribute[0] if isinstance(attribute, list) else attribute.split(".")[0]
        if "Fn::Sub" in mapping:
            text, given = mapping["Fn::Sub"], {}
            if isinstance(text, list):
                text, given = text
            for name in re.findall(r"\$\{([^!}][^}]*)\}", text):
                if name not in given:
                    yield name.split(".")[0]


def functions_of(translated: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Give the functions' properties by name."""
    return of_type(translated, "AWS::Lambda::Function")


def function_named(value: Any, translated: dict[str, Any]) -> set[str]:
    """Give the functions a value names, through the aliases before them."""
    aliases = {
        name: alias["FunctionName"]["Ref"]
        for name, alias in of_type(translated, "AWS::Lambda::Alias").items()
    }
    return {aliases.get(name, name) for name in names_in(value)} & set(functions_of(translated))


def test_every_reference_leads_somewhere(translated: dict[str, Any]) -> None:
    """No Ref, GetAtt, placeholder, DependsOn or Condition names what the template does not have."""
    resources = translated["Resources"]
    known = set(resources) | set(translated["Parameters"]) | PSEUDO
    assert set(names_in(translated)) <= known
    for name, resource in resources.items():
        needed = resource.get("DependsOn", [])
        assert set([needed] if isinstance(needed, str) else needed) <= set(resources), name
        assert resource.get("Condition", "HasTwoNats") in translated["Conditions"], name


def test_a_function_stands_in_one_kind_of_subnet(translated: dict[str, Any]) -> None:
    """Private or worker, never both.

    SAM adds a function's list to that of the globals, and half of all calls to vendors would find no way out.
    """
    for name, function in functions_of(translated).items():
        if name == "MigrateOnDeployFunction":
            assert "VpcConfig" not in function
            continue
        subnets = {subnet["Ref"] for subnet in function["VpcConfig"]["SubnetIds"]}
        assert subnets in (PRIVATE, WORKERS), name
        groups = {next(names_in(group)) for group in function["VpcConfig"]["SecurityGroupIds"]}
        expected = "WorkerSecurityGroup" if subnets == WORKERS else "FunctionSecurityGroup"
        assert groups == {"MigrationsSecurityGroup" if name in STEP else expected}, name


def test_every_route_may_call_the_function_behind_it(translated: dict[str, Any]) -> None:
    """API Gateway has a permission on exactly the functions, or aliases, that the integrations name."""
    (api,) = of_type(translated, "AWS::ApiGatewayV2::Api").keys() - {"WebSocketApi"}
    paths = translated["Resources"][api]["Properties"]["Body"]["paths"]
    answering = set()
    for methods in paths.values():
        for operation in methods.values():
            answering |= function_named(operation["x-amazon-apigateway-integration"]["uri"], translated)
    allowed = {
        function
        for permission in of_type(translated, "AWS::Lambda::Permission").values()
        if permission["Principal"] == "apigateway.amazonaws.com" and "SourceArn" in permission
        for function in function_named(permission["FunctionName"], translated)
    }
    assert allowed == answering | {"WsFunction"}
    assert "BookFunction" in answering


def test_every_schedule_has_a_role_for_its_function_alone(translated: dict[str, Any]) -> None:
    """EventBridge Scheduler assumes a role that may invoke this function and nothing else."""
    schedules = of_type(translated, "AWS::Scheduler::Schedule")
    assert len(schedules) == 2
    for name, schedule in schedules.items():
        target = schedule["Target"]
        (function,) = function_named(target["Arn"], translated)
        role = translated["Resources"][target["RoleArn"]["Fn::GetAtt"][0]]["Properties"]
        assert "scheduler.amazonaws.com" in json.dumps(role["AssumeRolePolicyDocument"]), name
        (statement,) = role["Policies"][0]["PolicyDocument"]["Statement"]
        assert statement["Action"] == "lambda:InvokeFunction", name
        assert function_named(statement["Resource"], translated) == {function}, name


def test_whoever_reads_a_queue_may(translated: dict[str, Any]) -> None:
    """SAM gives a reader AWS's policy for it; all roles have AWS's three and nothing else of AWS's."""
    readers = {
        next(iter(function_named(mapping["FunctionName"], translated)))
        for mapping in of_type(translated, "AWS::Lambda::EventSourceMapping").values()
    }
    assert readers == {"SmsWorkerFunction", "CalendarWorkerFunction", "WsPushFunction"}
    for name, function in functions_of(translated).items():
        role = translated["Resources"][function["Role"]["Fn::GetAtt"][0]]["Properties"]
        managed = {str(arn).rpartition("/")[2].rstrip("'}") for arn in role["ManagedPolicyArns"]}
        assert managed <= MANAGED, name
        assert ("AWSLambdaSQSQueueExecutionRole" in managed) == (name in readers), name


def test_no_function_gets_new_code_before_the_migrations(translated: dict[str, Any]) -> None:
    """All but the step's own two wait for it; it waits for the rule that lets it reach the database."""
    for name in functions_of(translated):
        waits = translated["Resources"][name].get("DependsOn", [])
        assert ("Migrations" in waits) == (name not in STEP), name
    assert translated["Resources"]["Migrations"]["DependsOn"] == "DatabaseFromMigrations"
    needed = set(names_in(translated["Resources"]["Migrations"]["Properties"]))
    assert STEP | {"Database"} <= needed


def test_the_step_runs_exactly_when_a_migration_changed(translated: dict[str, Any]) -> None:
    """Its property is the layer's version, made anew by CloudFormation when the packaged SQL is another."""

    def layer(template: dict[str, Any]) -> str:
        return str(template["Resources"]["Migrations"]["Properties"]["Migrations"]["Ref"])

    again = translation.translate(ROOT / "template.yaml")
    changed = translation.translate(ROOT / "template.yaml", code="second")
    assert layer(translated) == layer(again) != layer(changed)
    made = translated["Resources"][layer(translated)]
    assert made["Type"] == "AWS::Lambda::LayerVersion"
    assert made["DeletionPolicy"] == "Delete", (
        "one kept from a failed deploy is no harm, but nobody clears it"
    )
    links = (ROOT / "layers" / "migrations" / "migrations").resolve()
    assert links == ROOT / "migrations"


def test_the_step_outlasts_what_it_waits_for(translated: dict[str, Any]) -> None:
    """Migrating < waiting for it < CloudFormation's patience: each answers before the next gives up."""
    functions = functions_of(translated)
    inner, outer = functions["MigrationsFunction"]["Timeout"], functions["MigrateOnDeployFunction"]["Timeout"]
    patience = translated["Resources"]["Migrations"]["Properties"]["ServiceTimeout"]
    assert inner < outer - 20 < outer < patience / 2, "a second try by Lambda fits as well"


def test_the_step_keeps_no_secret_and_no_function_reads_one(translated: dict[str, Any]) -> None:
    """The admin's login is read by one function, while a deploy runs; its name stands in the template."""
    reads = {
        name
        for name, role in of_type(translated, "AWS::IAM::Role").items()
        if "secretsmanager" in json.dumps(role)
    }
    assert reads == {"MigrateOnDeployFunctionRole"}
    inside_role = translated["Resources"]["MigrationsFunctionRole"]["Properties"]
    assert not inside_role.get("Policies"), "it may talk to the database and to nothing of AWS"
    assert "resolve:" not in json.dumps(translated["Resources"]["Migrations"])


def metrics_of_ours() -> set[str]:
    """Give the names frontdesk.metrics writes."""
    source = (ROOT / "layers" / "shared" / "frontdesk" / "metrics.py").read_text()
    return set(re.findall(r'add_metric\(\s*name="(\w+)"', source))


def test_alarms_look_at_metrics_that_are_written(translated: dict[str, Any]) -> None:
    """Names as in frontdesk.metrics, the service a function's own: a misspelt alarm is silent for ever."""
    services = {
        function["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
        for function in functions_of(translated).values()
    }
    for name, alarm in of_type(translated, "AWS::CloudWatch::Alarm").items():
        if alarm["Namespace"] != "Frontdesk":
            continue
        assert alarm["MetricName"] in metrics_of_ours(), name
        assert {d["Value"] for d in alarm["Dimensions"] if d["Name"] == "service"} <= services, name
        assert "service" in {d["Name"] for d in alarm["Dimensions"]}, name


def test_what_matters_has_an_alarm(translated: dict[str, Any]) -> None:
    """Bookings, queues, the outbox, the proxy's pins, the database, calendars: one each at least."""
    alarms = of_type(translated, "AWS::CloudWatch::Alarm").values()
    assert {
        *("Answered", "Duration", "Errors", "5xx", "ApproximateAgeOfOldestMessage", "OutboxOldest"),
        *("DatabaseConnectionsCurrentlySessionPinned", "CPUUtilization", "FreeStorageSpace"),
        *("CalendarsPaused", "BoardsRefused"),
    } <= {alarm["MetricName"] for alarm in alarms}
    for queue in ("SmsQueue", "CalendarQueue", "NotifyQueue"):
        watched = [
            alarm
            for alarm in alarms
            if alarm["MetricName"] == "ApproximateAgeOfOldestMessage" and queue in set(names_in(alarm))
        ]
        assert len(watched) == 1, queue


def test_the_dashboard_is_json_about_what_there_is(translated: dict[str, Any]) -> None:
    """Its text parses once the names are put in, and every metric of ours in it is written by us."""
    text = of_type(translated, "AWS::CloudWatch::Dashboard")["Dashboard"]["DashboardBody"]["Fn::Sub"]
    board = json.loads(re.sub(r"\$\{[^}]+\}", "x", text))
    assert len(board["widgets"]) == 12
    rows = [row for widget in board["widgets"] for row in widget["properties"]["metrics"]]
    ours = {row[1] for row in rows if row[0] == "Frontdesk"}
    ours |= set(re.findall(r'\{Frontdesk,[\w,]+\} MetricName=\\"(\w+)\\"', json.dumps(rows)))
    assert ours <= metrics_of_ours()
    assert {"Answered", "OutboxOldest", "CalendarsPaused", "Texts"} <= ours


def test_book_is_kept_warm_only_when_asked(translated: dict[str, Any]) -> None:
    """Both ways cost money: SnapStart and provisioned instances hang on one parameter, which says none."""
    assert translated["Parameters"]["BookWarmth"]["Default"] == "none"
    snap = functions_of(translated)["BookFunction"]["SnapStart"]["ApplyOn"]
    assert snap == {"Fn::If": ["BookSnapStarts", "PublishedVersions", "None"]}
    (alias,) = of_type(translated, "AWS::Lambda::Alias").values()
    ready = alias["ProvisionedConcurrencyConfig"]["Fn::If"]
    assert ready[0] == "BookIsProvisioned"
    assert ready[2] == {"Ref": "AWS::NoValue"}
