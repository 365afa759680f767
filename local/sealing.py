"""Has a demo module seal its clinics' secrets, in a process of its own.

`frontdesk.credentials` takes database and KMS from the environment, as it does in a function, and the stack's
own environment is another one.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from local.functions import ROOT


async def seal(
    module: str, orders: Sequence[Mapping[str, Any]], variables: Mapping[str, str], what: str
) -> None:
    """Run `python -m module` in this environment with the orders on its standard input.

    Never in the arguments, where others could read them. Raises RuntimeError naming `what` was not sealed.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module,
        cwd=ROOT, env=dict(variables), stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        _, said = await process.communicate(json.dumps(orders).encode())
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode != 0:
        last = said.decode(errors="replace").strip().splitlines()[-1:] or ["nothing was said"]
        msg = f"the demo clinics' {what} could not be sealed: {last[0]}"
        raise RuntimeError(msg)
