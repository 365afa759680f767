"""A WebSocket function that notes its events and answers by posting to the connection."""

import json
import os
import time
from pathlib import Path
from typing import Any

import boto3


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Note the event in $NOTES; let in who has the ticket `good`; post a message back to its connection."""
    with Path(os.environ["NOTES"]).open("a", encoding="utf-8") as notes:
        notes.write(json.dumps(event) + "\n")
    told = event["requestContext"]
    if told["eventType"] == "CONNECT":
        ticket = (event.get("queryStringParameters") or {}).get("ticket")
        return {"statusCode": {"good": 200, "foreign": 403}.get(str(ticket), 401)}
    if told["eventType"] == "MESSAGE":
        if event["body"] == "break":
            raise RuntimeError("as asked")
        if event["body"] == "slowly":
            time.sleep(0.3)
        client = boto3.client("apigatewaymanagementapi", endpoint_url=f"http://{told['domainName']}")
        client.post_to_connection(ConnectionId=told["connectionId"], Data=event["body"].encode())
    return {"statusCode": 200}
