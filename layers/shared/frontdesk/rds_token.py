"""The password of an IAM login to RDS: a presigned URL, signed here without the AWS SDK.

botocore does the same in `generate_db_auth_token`, but loading it costs a cold start several times what the
rest of the function does (benchmarks/README.md); a test compares the two byte for byte.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

LIFETIME_SECONDS = 900  # RDS accepts a token for 15 minutes; it is needed only while connecting


def sign(host: str, port: int, user: str, region: str, environ: Mapping[str, str], now: datetime) -> str:
    """Return the token for one connection (Signature Version 4, presigned `connect` of `rds-db`).

    `environ` holds the role's credentials as Lambda gives them; `now` is aware. Raises KeyError without them.
    """
    moment = now.astimezone(UTC)
    stamp, day = moment.strftime("%Y%m%dT%H%M%SZ"), moment.strftime("%Y%m%d")
    scope = f"{day}/{region}/rds-db/aws4_request"
    parameters = {
        "Action": "connect",
        "DBUser": user,
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{environ['AWS_ACCESS_KEY_ID']}/{scope}",
        "X-Amz-Date": stamp,
        "X-Amz-Expires": str(LIFETIME_SECONDS),
        "X-Amz-SignedHeaders": "host",
    }
    if "AWS_SESSION_TOKEN" in environ:
        parameters["X-Amz-Security-Token"] = environ["AWS_SESSION_TOKEN"]
    query = urlencode(parameters, quote_via=quote, safe="-_.~")
    # What is signed is sorted; what is sent keeps the SDK's order, so that the two can be compared whole.
    canonical = urlencode(sorted(parameters.items()), quote_via=quote, safe="-_.~")
    request = f"GET\n/\n{canonical}\nhost:{host}:{port}\n\nhost\n{hashlib.sha256(b'').hexdigest()}"
    to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{environ['AWS_SECRET_ACCESS_KEY']}".encode()
    for part in (day, region, "rds-db", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return f"{host}:{port}/?{query}&X-Amz-Signature={hmac.digest(key, to_sign.encode(), 'sha256').hex()}"
