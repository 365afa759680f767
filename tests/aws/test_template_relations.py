"""The relations inside template.yaml that no linter knows."""

import itertools
import re
import tomllib
from collections.abc import Iterator
from typing import Any

from frontdesk import db
from functions.dispatch import app as dispatch_app
from scripts.build import ROOT

VAPI_TIMEOUT = (
    20  # seconds Vapi waits for a tool unless told otherwise (Vapi's OpenAPI, Server.timeoutSeconds)
)
WORKER_TIMEOUTS = {"SmsQueue": 30, "CalendarQueue": 60, "NotifyQueue": 10}
FOURTEEN_DAYS = 14 * 24 * 3600


def of_type(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """Give name and properties of every resource of one type."""
    return {
        name: resource.get("Properties", {})
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }


def inside(value: Any) -> Iterator[dict[str, Any]]:
    """Walk through every mapping below a value."""
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from inside(item)
    elif isinstance(value, list):
        for item in value:
            yield from inside(item)


def role_setting(name: str) -> int:
    """Read a timeout of the runtime role from the migrations, in seconds."""
    found = re.search(rf"'{name}=(\d+)s'", (ROOT / "migrations" / "roles.sql").read_text())
    assert found, f"migrations/roles.sql gives frontdesk_app no {name}"
    return int(found[1])


def routes_of(function: dict[str, Any]) -> list[tuple[str, str]]:
    """Give (method, path) of every route a function answers."""
    return [
        (event["Properties"]["Method"].upper(), event["Properties"]["Path"])
        for event in function.get("Events", {}).values()
        if event["Type"] == "HttpApi"
    ]


def test_each_timeout_is_shorter_than_the_one_around_it(sam_template: dict[str, Any]) -> None:
    """Vapi > function > statement > connection from the proxy > lock: the inner one always answers first."""
    function = of_type(sam_template, "AWS::Serverless::Function")["BookFunction"]["Timeout"]
    pool = of_type(sam_template, "AWS::RDS::DBProxyTargetGroup")["DatabaseProxyTarget"]
    borrow = pool["ConnectionPoolConfigurationInfo"]["ConnectionBorrowTimeout"]
    ladder = [VAPI_TIMEOUT, function, role_setting("statement_timeout"), borrow, role_setting("lock_timeout")]
    assert all(outer > inner for outer, inner in itertools.pairwise(ladder)), ladder
    # A call that reconnects and repeats ends by itself, in time to say so before the function is killed.
    assert borrow < db.DEADLINE <= function - 3


def test_a_queue_hides_a_message_six_times_as_long_as_its_worker_may_take(
    sam_template: dict[str, Any],
) -> None:
    """AWS asks for a visibility timeout of six function timeouts, or a slow batch is delivered twice."""
    queues = of_type(sam_template, "AWS::SQS::Queue")
    for name, worker in WORKER_TIMEOUTS.items():
        assert queues[name]["VisibilityTimeout"] >= 6 * worker, name


def test_every_event_source_keeps_to_its_queues_visibility(sam_template: dict[str, Any]) -> None:
    """A reader of a queue times out within a sixth of its visibility and reports failures one by one."""
    queues = of_type(sam_template, "AWS::SQS::Queue")
    for name, function in of_type(sam_template, "AWS::Serverless::Function").items():
        for event in function.get("Events", {}).values():
            if event["Type"] != "SQS":
                continue
            source = event["Properties"]["Queue"]["Fn::GetAtt"][0]
            assert function["Timeout"] == WORKER_TIMEOUTS[source], name
            assert 2 <= event["Properties"]["ScalingConfig"]["MaximumConcurrency"] <= 1000, name
            queue = queues[source]
            window = event["Properties"].get("MaximumBatchingWindowInSeconds", 0)
            assert queue["VisibilityTimeout"] >= 6 * function["Timeout"] + window, name
            assert event["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"], name
    assert set(WORKER_TIMEOUTS) <= set(queues)


def test_every_queue_hands_a_poisoned_message_to_its_dead_letter_queue(sam_template: dict[str, Any]) -> None:
    """After five receives a message waits 14 days, the longest SQS keeps one, for somebody to look at it."""
    queues = of_type(sam_template, "AWS::SQS::Queue")
    dead = {name for name in queues if name.endswith("DeadLetterQueue")}
    working = set(queues) - dead
    assert {name.removesuffix("Queue") for name in working} == {
        name.removesuffix("DeadLetterQueue") for name in dead
    }
    for name in working:
        redrive = queues[name]["RedrivePolicy"]
        target = name.removesuffix("Queue") + "DeadLetterQueue"
        assert redrive == {"deadLetterTargetArn": {"Fn::GetAtt": [target, "Arn"]}, "maxReceiveCount": 5}
        assert queues[name]["MessageRetentionPeriod"] < queues[target]["MessageRetentionPeriod"]
    for name in dead:
        assert queues[name]["MessageRetentionPeriod"] == FOURTEEN_DAYS, name
        assert "RedrivePolicy" not in queues[name], name


def test_every_queue_is_encrypted(sam_template: dict[str, Any]) -> None:
    """Messages rest encrypted, by SQS's own key or by one of ours."""
    for name, queue in of_type(sam_template, "AWS::SQS::Queue").items():
        assert queue.get("SqsManagedSseEnabled") is True or "KmsMasterKeyId" in queue, name


def test_only_the_functions_reach_the_proxy_and_only_the_proxy_the_database(
    sam_template: dict[str, Any],
) -> None:
    """The path is function -> proxy -> database on 5432, said at both ends; migrations skip the proxy."""
    ways_in = {
        (rule["SourceSecurityGroupId"]["Fn::GetAtt"][0], rule["GroupId"]["Fn::GetAtt"][0], rule["FromPort"])
        for rule in of_type(sam_template, "AWS::EC2::SecurityGroupIngress").values()
    }
    ways_out = set()
    for name, group in of_type(sam_template, "AWS::EC2::SecurityGroup").items():
        assert group["SecurityGroupEgress"], f"{name} without a rule would be allowed everything by EC2"
        assert "SecurityGroupIngress" not in group, name
        for rule in group["SecurityGroupEgress"]:
            assert rule["IpProtocol"] != "-1" or rule["CidrIp"] == "127.0.0.1/32", name
            if "DestinationSecurityGroupId" in rule:
                ways_out.add((name, rule["DestinationSecurityGroupId"]["Fn::GetAtt"][0], rule["FromPort"]))
    assert ways_in == ways_out
    always = {way for way in ways_in if not way[0].startswith("Door")}
    assert always == {
        ("FunctionSecurityGroup", "ProxySecurityGroup", 5432),
        ("WorkerSecurityGroup", "ProxySecurityGroup", 5432),
        ("ProxySecurityGroup", "DatabaseSecurityGroup", 5432),
        ("MigrationsSecurityGroup", "DatabaseSecurityGroup", 5432),
        ("FunctionSecurityGroup", "EndpointSecurityGroup", 443),
        ("WorkerSecurityGroup", "EndpointSecurityGroup", 443),
    }


def test_only_the_workers_that_call_a_vendor_have_a_way_to_the_internet(sam_template: dict[str, Any]) -> None:
    """Their group alone may call any address, on 443; their subnets alone lead to NAT, if there is any."""
    open_groups = {
        (name, rule["FromPort"], rule["ToPort"])
        for name, group in of_type(sam_template, "AWS::EC2::SecurityGroup").items()
        for rule in group["SecurityGroupEgress"]
        if rule.get("CidrIp") == "0.0.0.0/0"
    }
    assert open_groups == {("WorkerSecurityGroup", 443, 443)}
    routed = {
        place["SubnetId"]["Ref"]
        for place in of_type(sam_template, "AWS::EC2::SubnetRouteTableAssociation").values()
    }
    assert routed == {"WorkerSubnetA", "WorkerSubnetB", "PublicSubnetA", "PublicSubnetB"}
    inside_public = {
        name
        for name, resource in sam_template["Resources"].items()
        if any(mapping.get("Ref") in {"PublicSubnetA", "PublicSubnetB"} for mapping in inside(resource))
    }
    assert inside_public == {"NatA", "NatB", "PublicRoutesOfA", "PublicRoutesOfB"}
    in_worker_subnets = {
        name
        for name, function in of_type(sam_template, "AWS::Serverless::Function").items()
        if "WorkerSubnetA" in str(function.get("VpcConfig"))
    }
    assert in_worker_subnets == {
        "SmsWorkerFunction",
        "CalendarWorkerFunction",
        "GoogleFunction",
        # No VPC endpoint serves WebSocket APIs: boards are posted to at API Gateway's public address.
        "WsFunction",
        "WsPushFunction",
        "WsSweepFunction",
    }


def test_without_nat_there_is_no_door_to_the_internet_at_all(sam_template: dict[str, Any]) -> None:
    """Every part of the way out hangs on the number of NAT gateways, and the texts wait in their queue."""
    kinds = {"InternetGateway", "VPCGatewayAttachment", "EIP", "NatGateway", "Route"}
    for name, resource in sam_template["Resources"].items():
        if resource["Type"].removeprefix("AWS::EC2::") in kinds or name.startswith("Public"):
            assert resource.get("Condition") in {"ReachesVendors", "HasTwoNats"}, name
    texts = of_type(sam_template, "AWS::Serverless::Function")["SmsWorkerFunction"]["Events"]["Texts"]
    assert texts["Properties"]["Enabled"] == {"Fn::If": ["ReachesVendors", True, False]}


def test_the_migration_door_is_shut_unless_asked_for(sam_template: dict[str, Any]) -> None:
    """Everything of the door hangs on one condition, and the parameter behind it says closed."""
    door = {name for name in sam_template["Resources"] if "Door" in name}
    assert door
    for name in door:
        assert sam_template["Resources"][name].get("Condition") == "MigrationDoorIsOpen", name
    assert sam_template["Parameters"]["MigrationDoor"]["Default"] == "closed"


def test_nothing_in_the_network_can_be_called_from_outside(sam_template: dict[str, Any]) -> None:
    """No public address but NAT's own, which takes no call; no way in from everywhere; no public database."""
    addressed = {
        reference[0]
        for properties in sam_template["Resources"].values()
        for mapping in inside(properties)
        if "AllocationId" in mapping
        for reference in [mapping["AllocationId"]["Fn::GetAtt"]]
    }
    assert addressed == set(of_type(sam_template, "AWS::EC2::EIP"))
    assert {kind["Type"] for kind in sam_template["Resources"].values() if "AllocationId" in str(kind)} == {
        "AWS::EC2::NatGateway"
    }
    for rule in of_type(sam_template, "AWS::EC2::SecurityGroupIngress").values():
        assert "SourceSecurityGroupId" in rule
        assert not {"CidrIp", "CidrIpv6"} & set(rule)
    for mapping in inside(sam_template["Resources"]):
        assert mapping.get("MapPublicIpOnLaunch", False) is False
        assert mapping.get("PubliclyAccessible", False) is False
    assert of_type(sam_template, "AWS::RDS::DBInstance")["Database"]["PubliclyAccessible"] is False


def test_the_database_is_encrypted_and_asks_for_tls_and_iam(sam_template: dict[str, Any]) -> None:
    """At rest and on both steps of the way; nobody of ours knows a password."""
    database = of_type(sam_template, "AWS::RDS::DBInstance")["Database"]
    proxy = of_type(sam_template, "AWS::RDS::DBProxy")["DatabaseProxy"]
    settings = of_type(sam_template, "AWS::RDS::DBParameterGroup")["DatabaseSettings"]["Parameters"]
    assert database["StorageEncrypted"] is True
    assert database["ManageMasterUserPassword"] is True
    assert database["EnableIAMDatabaseAuthentication"] is True
    assert proxy["RequireTLS"] is True
    assert proxy["DefaultAuthScheme"] == "IAM_AUTH"
    assert settings["rds.force_ssl"] == "1"
    variables = sam_template["Globals"]["Function"]["Environment"]["Variables"]
    url = variables["DATABASE_URL"]["Fn::Sub"][0]
    assert "sslmode=verify-full" in url
    assert "frontdesk_app@" in url, "the URL carries no password"
    assert variables["DATABASE_AUTH"] == "iam"


def test_the_database_never_logs_what_patients_said(sam_template: dict[str, Any]) -> None:
    """Parameters of statements are names and phones: Postgres writes none of them, slow or failed."""
    settings = of_type(sam_template, "AWS::RDS::DBParameterGroup")["DatabaseSettings"]["Parameters"]
    assert settings["log_parameter_max_length"] == "0"
    assert settings["log_parameter_max_length_on_error"] == "0"


def test_no_policy_of_ours_names_everything(sam_template: dict[str, Any]) -> None:
    """Every statement names its actions and its resources; a star is neither.

    But for a key's own policy: it speaks of its key alone, whose name it cannot say before the key exists.
    """
    of_keys = [key["KeyPolicy"] for key in of_type(sam_template, "AWS::KMS::Key").values()]
    exempt = [statement for policy in of_keys for statement in inside(policy)]
    statements = [
        mapping
        for mapping in inside(sam_template["Resources"])
        if "Effect" in mapping and not any(mapping is one for one in exempt)
    ]
    assert statements
    for statement in statements:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert not [action for action in actions if "*" in action], statement
        if "Resource" in statement:
            resources = statement["Resource"]
            assert "*" not in (resources if isinstance(resources, list) else [resources]), statement


MIGRATE = {"MigrateOnDeployFunction", "MigrationsFunction"}
SPEAK_TO_BOARDS = {"WsFunction", "WsPushFunction", "WsSweepFunction"}


def statements_of(template: dict[str, Any], function: str) -> dict[str, dict[str, Any]]:
    """Give what a function is granted, by action."""
    policies = of_type(template, "AWS::Serverless::Function")[function].get("Policies", [])
    return {
        action: statement
        for policy in policies
        for statement in policy["Statement"]
        for action in (
            statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        )
    }


def test_every_function_is_granted_what_it_does_and_nothing_else(sam_template: dict[str, Any]) -> None:
    """One proxy as one role for all; the queues for who announces; one key for who opens credentials."""
    announces = {"rds-db:connect", "sqs:SendMessage"}
    speaks = {"rds-db:connect", "execute-api:ManageConnections"}
    granted = {
        name: set(statements_of(sam_template, name))
        for name in of_type(sam_template, "AWS::Serverless::Function")
    }
    assert granted == {
        "BookFunction": announces,
        "CallsFunction": announces,
        "DispatchFunction": announces,
        "SmsWorkerFunction": announces | {"kms:Decrypt"},
        "TwilioWebhookFunction": announces | {"kms:Decrypt"},
        "CalendarWorkerFunction": announces | {"kms:Decrypt", "kms:GenerateDataKey"},
        "GoogleFunction": announces | {"kms:Decrypt", "kms:GenerateDataKey"},
        "StaffApiFunction": announces,
        "PatientPageFunction": announces,
        "WsFunction": speaks,
        "WsPushFunction": speaks,
        "WsSweepFunction": speaks,
        # The step of a deploy reads the admin's login and has the other migrate, who talks to the database.
        "MigrateOnDeployFunction": {"secretsmanager:GetSecretValue", "lambda:InvokeFunction"},
        "MigrationsFunction": set(),
    }
    for name in set(granted) - MIGRATE:
        arn, names = statements_of(sam_template, name)["rds-db:connect"]["Resource"]["Fn::Sub"]
        assert arn.endswith(":dbuser:${ProxyId}/frontdesk_app"), name
        assert "DatabaseProxy" in str(names["ProxyId"]), name


def test_who_sends_to_the_queues_knows_all_three_of_them(sam_template: dict[str, Any]) -> None:
    """The permission, the endpoint's policy and the environment name the same queues."""
    queues = ["SmsQueue", "CalendarQueue", "NotifyQueue"]
    arns = [{"Fn::GetAtt": [queue, "Arn"]} for queue in queues]
    for name in of_type(sam_template, "AWS::Serverless::Function"):
        if name in SPEAK_TO_BOARDS | MIGRATE:
            continue  # they change nothing that must be told
        assert statements_of(sam_template, name)["sqs:SendMessage"]["Resource"] == arns
        variables = of_type(sam_template, "AWS::Serverless::Function")[name]["Environment"]["Variables"]
        assert [variables[f"{queue.removesuffix('Queue').upper()}_QUEUE_URL"] for queue in queues] == [
            {"Ref": queue} for queue in queues
        ]
    endpoint = of_type(sam_template, "AWS::EC2::VPCEndpoint")["SqsEndpoint"]
    assert [statement["Resource"] for statement in endpoint["PolicyDocument"]["Statement"]] == [arns]


def test_a_function_opens_the_credentials_of_its_own_purpose(sam_template: dict[str, Any]) -> None:
    """KMS compares the purpose under which a data key was wrapped: the texts' functions get Twilio's only."""
    for name in ("SmsWorkerFunction", "TwilioWebhookFunction"):
        grant = statements_of(sam_template, name)["kms:Decrypt"]
        assert grant["Resource"] == {"Fn::GetAtt": ["CredentialsKey", "Arn"]}
        assert grant["Condition"] == {"StringEquals": {"kms:EncryptionContext:purpose": "twilio"}}


def test_dispatch_runs_every_minute_and_ends_within_it(sam_template: dict[str, Any]) -> None:
    """One run a minute, no retries beside it, and a claim outlives the run that made it."""
    dispatch = of_type(sam_template, "AWS::Serverless::Function")["DispatchFunction"]
    assert dispatch["Events"]["EveryMinute"]["Properties"]["ScheduleExpression"] == "rate(1 minute)"
    assert dispatch["EventInvokeConfig"]["MaximumRetryAttempts"] == 0
    assert dispatch_app.ENOUGH_TIME / 1000 < dispatch["Timeout"] < 60 < dispatch_app.LEASE


def test_somebody_is_told_of_every_dead_letter_and_of_a_stuck_outbox(sam_template: dict[str, Any]) -> None:
    """One message in a dead-letter queue raises an alarm; so do a waiting outbox and a failing dispatch."""
    alarms = of_type(sam_template, "AWS::CloudWatch::Alarm")
    watched = {
        alarm["Dimensions"][0]["Value"]["Fn::GetAtt"][0]
        for alarm in alarms.values()
        if alarm["MetricName"] == "ApproximateNumberOfMessagesVisible" and alarm["Threshold"] == 0
    }
    assert watched == {name for name in of_type(sam_template, "AWS::SQS::Queue") if "DeadLetter" in name}
    assert {"OutboxOldest", "Errors"} <= {alarm["MetricName"] for alarm in alarms.values()}
    for name, alarm in alarms.items():
        assert alarm["AlarmActions"] == {
            "Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]
        }, name


def test_twilio_has_its_two_routes(sam_template: dict[str, Any]) -> None:
    """POST /api/twilio/status and /api/twilio/inbound, answered beside the worker, not by it."""
    webhook = of_type(sam_template, "AWS::Serverless::Function")["TwilioWebhookFunction"]
    assert set(routes_of(webhook)) == {("POST", "/api/twilio/status"), ("POST", "/api/twilio/inbound")}


def test_the_door_has_the_routes_the_voice_agent_calls(sam_template: dict[str, Any]) -> None:
    """POST /api/vapi/tools with and without a tool's name, and GET /health, all answered by book."""
    book = of_type(sam_template, "AWS::Serverless::Function")["BookFunction"]
    assert {("POST", "/api/vapi/tools"), ("POST", "/api/vapi/tools/{toolName}"), ("GET", "/health")} <= set(
        routes_of(book)
    )


OPEN_ROUTES = {
    # Who proves themselves in another way, to the function: by signature, secret, state, channel token.
    ("POST", "/api/vapi/tools"),
    ("POST", "/api/vapi/tools/{toolName}"),
    ("POST", "/api/twilio/status"),
    ("POST", "/api/twilio/inbound"),
    ("GET", "/api/google/callback"),
    ("POST", "/api/google/notifications"),
    # The token in the address is the key.
    ("GET", "/a/{token}"),
    ("GET", "/a/{token}/move"),
    ("GET", "/a/{token}/cancel"),
    ("GET", "/a/{token}/appointment.ics"),
    ("POST", "/a/{token}/confirm"),
    ("POST", "/a/{token}/move"),
    ("POST", "/a/{token}/cancel"),
    # What anybody may read.
    ("POST", "/api/vapi/events"),
    ("GET", "/health"),
    ("GET", "/"),
    ("GET", "/static/{file+}"),
    ("GET", "/api/staff/openapi.json"),
    ("GET", "/api/staff/sign-in"),
}


def test_every_route_but_the_known_open_ones_wants_a_staff_token(sam_template: dict[str, Any]) -> None:
    """The authorizer is named at each event: a route that forgot it would be open, and would be seen here."""
    found = {
        (event["Properties"]["Method"], event["Properties"]["Path"]): event["Properties"].get("Auth")
        for function in of_type(sam_template, "AWS::Serverless::Function").values()
        for event in function.get("Events", {}).values()
        if event["Type"] == "HttpApi"
    }
    guarded = {route for route, auth in found.items() if auth == {"Authorizer": "StaffTokens"}}
    assert {route for route, auth in found.items() if auth} == guarded
    assert set(found) - guarded == OPEN_ROUTES & set(found)
    assert {
        (method, "/api/staff/{proxy+}") for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
    } <= guarded


def test_staff_tokens_are_the_pools_or_the_given_issuers(sam_template: dict[str, Any]) -> None:
    """Issuer and audience come together: both of the pool the stack makes, or both of the parameters."""
    auth = of_type(sam_template, "AWS::Serverless::HttpApi")["HttpApi"]["Auth"]
    assert set(auth) == {"Authorizers"}
    token = auth["Authorizers"]["StaffTokens"]["JwtConfiguration"]
    pool, given = {"Fn::GetAtt": ["UserPool", "ProviderURL"]}, {"Ref": "OidcIssuer"}
    assert token["issuer"] == {"Fn::If": ["MakesUserPool", pool, given]}
    client, audience = {"Ref": "UserPoolClient"}, {"Ref": "OidcAudience"}
    assert token["audience"] == [{"Fn::If": ["MakesUserPool", client, audience]}]
    variables = of_type(sam_template, "AWS::Serverless::Function")["StaffApiFunction"]["Environment"]
    assert variables["Variables"]["OIDC_ISSUER"] == token["issuer"]
    assert variables["Variables"]["OIDC_CLIENT_ID"] == token["audience"][0]


def test_the_boards_page_can_keep_no_secret_and_has_none(sam_template: dict[str, Any]) -> None:
    """A public client with codes only, in a pool where nobody makes an account for themselves."""
    client = of_type(sam_template, "AWS::Cognito::UserPoolClient")["UserPoolClient"]
    assert client["GenerateSecret"] is False
    assert client["AllowedOAuthFlows"] == ["code"]
    pool = of_type(sam_template, "AWS::Cognito::UserPool")["UserPool"]
    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}


def test_the_socket_has_its_three_routes_and_one_function(sam_template: dict[str, Any]) -> None:
    """$connect, $disconnect and $default, deployed before the stage, all answered by WsFunction."""
    routes = of_type(sam_template, "AWS::ApiGatewayV2::Route")
    assert {route["RouteKey"] for route in routes.values()} == {"$connect", "$disconnect", "$default"}
    target = {"Fn::Sub": "integrations/${WebSocketIntegration}"}
    assert all(route["Target"] == target for route in routes.values())
    integration = of_type(sam_template, "AWS::ApiGatewayV2::Integration")["WebSocketIntegration"]
    assert "${WsFunction.Arn}" in integration["IntegrationUri"]["Fn::Sub"]
    assert set(sam_template["Resources"]["WebSocketStage"]["DependsOn"]) == set(routes)
    permission = of_type(sam_template, "AWS::Lambda::Permission")["WebSocketPermission"]
    assert permission["FunctionName"] == {"Ref": "WsFunction"}
    assert "${WebSocketApi}" in permission["SourceArn"]["Fn::Sub"]


def test_whoever_posts_to_boards_may_post_to_that_stage_only(sam_template: dict[str, Any]) -> None:
    """Permission and address end in the stage's name; API Gateway waits longer than the function works."""
    stage = of_type(sam_template, "AWS::ApiGatewayV2::Stage")["WebSocketStage"]["StageName"]
    functions = of_type(sam_template, "AWS::Serverless::Function")
    for name in SPEAK_TO_BOARDS:
        arn = statements_of(sam_template, name)["execute-api:ManageConnections"]["Resource"]["Fn::Sub"]
        assert arn.endswith(f":${{WebSocketApi}}/{stage}/*/@connections/*"), name
        url = functions[name]["Environment"]["Variables"]["WS_CONNECTIONS_URL"]
        assert name == "WsFunction" or url["Fn::Sub"].endswith(f"/{stage}"), name
    assert functions["WsFunction"]["Timeout"] < 29
    socket = functions["StaffApiFunction"]["Environment"]["Variables"]["WS_PUBLIC_URL"]["Fn::Sub"]
    assert socket.startswith("wss://${WebSocketApi}.")
    assert socket.endswith(f"/{stage}")


def test_the_sockets_log_has_no_ticket_in_it(sam_template: dict[str, Any]) -> None:
    """Neither query, path, address nor message: the ticket stands in the query."""
    stage = of_type(sam_template, "AWS::ApiGatewayV2::Stage")["WebSocketStage"]
    condition, settings, absent = stage["AccessLogSettings"]["Fn::If"]
    assert (condition, absent) == ("LogsSockets", {"Ref": "AWS::NoValue"})
    assert set(re.findall(r"\$context\.[\w.]+", settings["Format"])) == {
        "$context.requestId",
        "$context.requestTimeEpoch",
        "$context.routeKey",
        "$context.eventType",
        "$context.status",
        "$context.connectionId",
        "$context.integrationStatus",
        "$context.integrationLatency",
        "$context.error.responseType",
    }
    assert stage["DefaultRouteSettings"]["DataTraceEnabled"] is False


def test_every_route_is_throttled_by_name(sam_template: dict[str, Any]) -> None:
    """A route without a limit of its own, or a limit for a route that is gone, is a mistake."""
    api = of_type(sam_template, "AWS::Serverless::HttpApi")["HttpApi"]
    functions = of_type(sam_template, "AWS::Serverless::Function").values()
    routes = [f"{method} {path}" for function in functions for method, path in routes_of(function)]
    assert len(routes) == len(set(routes)), "two functions answer one route"
    assert set(routes) == set(api["RouteSettings"])
    for route, settings in api["RouteSettings"].items():
        assert 0 < settings["ThrottlingRateLimit"] <= settings["ThrottlingBurstLimit"], route


def test_the_access_log_holds_nothing_personal(sam_template: dict[str, Any]) -> None:
    """Only these variables: a path can hold a patient's token, a query a number, an address a person."""
    api = of_type(sam_template, "AWS::Serverless::HttpApi")["HttpApi"]
    named = set(re.findall(r"\$context\.[\w.]+", api["AccessLogSettings"]["Format"]))
    assert named == {
        "$context.requestId",
        "$context.requestTimeEpoch",
        "$context.routeKey",
        "$context.status",
        "$context.responseLatency",
        "$context.integrationStatus",
        "$context.integrationLatency",
        "$context.responseLength",
        "$context.error.responseType",
    }


def test_every_log_group_forgets(sam_template: dict[str, Any]) -> None:
    """Each function has a log group with a retention; one that Lambda makes would keep all for ever."""
    groups = of_type(sam_template, "AWS::Logs::LogGroup")
    for name, group in groups.items():
        assert group["RetentionInDays"] == {"Ref": "LogRetentionDays"}, name
    for name, function in of_type(sam_template, "AWS::Serverless::Function").items():
        assert function["LoggingConfig"]["LogGroup"]["Ref"] in groups, name


def test_what_cannot_be_made_again_survives_the_stack(sam_template: dict[str, Any]) -> None:
    """The database leaves a snapshot, the signing keys stay: without them every clinic's agent is refused."""
    resources = sam_template["Resources"]
    kept = {"Database": "Snapshot", "VapiSigningKeys": "Retain", "CredentialsKey": "Retain"}
    for name, policy in kept.items():
        assert resources[name]["DeletionPolicy"] == policy, name
        assert resources[name]["UpdateReplacePolicy"] == policy, name


def test_every_stage_sets_only_parameters_the_template_has(sam_template: dict[str, Any]) -> None:
    """A misspelt override fails a deploy late; each stage also shuts the migration door."""
    stages = tomllib.loads((ROOT / "samconfig.toml").read_text())
    del stages["version"]
    assert set(stages) == {"default", "dev", "staging", "prod"}
    for stage, sections in stages.items():
        overrides = dict(
            text.split("=", 1) for text in sections["global"]["parameters"]["parameter_overrides"]
        )
        for name, value in overrides.items():
            allowed = sam_template["Parameters"][name].get("AllowedValues", [value])
            assert value in map(str, allowed), f"{stage}: {name}={value}"
        assert overrides["MigrationDoor"] == "closed", stage
        assert overrides["Stage"] == ("dev" if stage == "default" else stage)
