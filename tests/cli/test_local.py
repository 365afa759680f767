"""`--local`: the stack of this checkout, and nothing of the operator's own accounts."""

import json
import os
import subprocess
import sys
from pathlib import Path

from cli.environment import LOCAL_KEY
from frontdesk import credentials
from tests.cli.conftest import ROOT, Frontdesk
from tests.clinics import Connection, one
from tests.database import Database
from tests.keys import KeyService

SID = "AC0123456789abcdef0123456789abcdef"


def test_local_uses_the_stack_file_and_none_of_the_operators_aws(
    pine: Frontdesk, database: Database, kms: KeyService, owner: Connection, tmp_path: Path
) -> None:
    """With another DATABASE_URL, AWS profile and KMS endpoint around, the token lands in the stack."""
    credentials._kms().create_alias(AliasName=LOCAL_KEY, TargetKeyId=kms.key_id)
    (tmp_path / "stack.json").write_text(json.dumps({"database_url": database.owner_url, "sqs": kms.url}))
    (tmp_path / "vapi_signing_key").write_text("key-of-the-stack\n")
    environment = {
        **os.environ,
        "FRONTDESK_LOCAL": str(tmp_path),
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/production",
        "DATABASE_AUTH": "iam",
        "AWS_PROFILE": "production",
        "AWS_SESSION_TOKEN": "production",
        "AWS_ENDPOINT_URL_KMS": "http://127.0.0.1:9",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "layers" / "shared")]),
    }
    ran = subprocess.run(
        [sys.executable, "-m", "cli", "secret", "twilio", "set", "pine", "--local", "--account-sid", SID],
        cwd=ROOT, env=environment, input="token-of-the-stack", capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    org_id = one(owner, "SELECT id FROM frontdesk.orgs")
    assert credentials.current(org_id, "twilio") == {"account_sid": SID, "auth_token": "token-of-the-stack"}
