"""Find what must never be in the repository: secrets, and paths of the machine somebody wrote it on."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Written so that no pattern matches its own line in this file.
PATTERNS = {
    "an AWS access key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a private key": r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----",
    "a Twilio key": r"\bSK[0-9a-f]{32}\b",
    "a GitHub token": r"\bgh[opsu]_[A-Za-z0-9]{36}\b",
    "a Google key": r"\bAIza[0-9A-Za-z_-]{35}\b",
    "a password in a URL": r"://[a-z_]+:(?!\{|\$|<|password@|secret@)[^/@\s:\"']{12,}@[a-z0-9.-]+",
    "a path of one machine": r"(?<![\w.$}/])/(?:work|root|home/[a-z]\w*|Users/[a-z]\w*)/[\w.-]",
    "a private package registry": r'registry\s=\s"(?!https://pypi\.org/simple")',
}


def tracked_files() -> list[Path]:
    """List what git tracks or would track, so that a leak is found before it is committed."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return [ROOT / name for name in listing.stdout.split("\0") if name]


def leaks_in(text: str) -> list[tuple[int, str]]:
    """Give (line number, what it is) of every leak in a text, without repeating the secret itself."""
    return [
        (number, what)
        for number, line in enumerate(text.splitlines(), start=1)
        for what, pattern in PATTERNS.items()
        if re.search(pattern, line)
    ]


def main() -> int:
    """Print every leak as file:line and return how the check ended."""
    found = 0
    for path in tracked_files():
        if not path.is_file():
            continue
        text = path.read_bytes().decode("utf-8", errors="ignore")
        for number, what in leaks_in(text):
            print(f"{path.relative_to(ROOT)}:{number}: {what}", file=sys.stderr)
            found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
