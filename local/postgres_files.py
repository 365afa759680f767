"""Who runs the embedded Postgres, and where its files may lie so that this account reaches them.

Postgres refuses to run as root, and root's files are often unreadable to anybody else: a checkout under a
home directory of mode 0700 has both its programs and its data behind a closed door.
"""

import contextlib
import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import time
from pathlib import Path


class PostgresError(Exception):
    """The server could not be found, prepared, started or stopped; the message says what to do."""


ACCOUNTS = ("postgres", "nobody")
LASTING = Path("/var/tmp")  # survives a reboot; our directory in it is checked to be ours


def server_account(data_dir: Path) -> pwd.struct_passwd | None:
    """Return the account to run the server as; None when it is simply the present user."""
    if os.geteuid() != 0:
        return None
    if data_dir.exists() and (data_dir / "PG_VERSION").exists():
        owner = data_dir.stat().st_uid
        if owner != 0:
            with contextlib.suppress(KeyError):
                return pwd.getpwuid(owner)
    for name in ACCOUNTS:  # initdb needs a name, so a bare number will not do
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise PostgresError(
        "Postgres does not run as root, and there is no account 'postgres' or 'nobody' to use."
    )


def reachable_place(data_dir: Path, account: pwd.struct_passwd | None) -> Path:
    """Return where the data really lie: ``data_dir``, or what it links to if the account cannot get in."""
    if account is None or (not data_dir.is_symlink() and _may_pass(data_dir.parent, account)):
        return data_dir.resolve()
    place = _room(data_dir) / "data"
    if not data_dir.is_symlink():
        shutil.rmtree(place, ignore_errors=True)  # the link is gone: its owner wanted a fresh start
        data_dir.symlink_to(place)
    return place


def readable_programs(directory: Path, account: pwd.struct_passwd | None) -> Path:
    """Return a ``bin`` directory the account can run: the given one, or a copy of the whole installation."""
    if account is None or _may_pass(directory, account):
        return directory
    copy = _room(directory) / "postgres"
    if not copy.exists():
        half = copy.with_name(f"postgres.{os.getpid()}")
        shutil.rmtree(half, ignore_errors=True)
        shutil.copytree(directory.parent, half, symlinks=True)
        with contextlib.suppress(OSError):  # another process was quicker: its copy is as good
            half.rename(copy)
        shutil.rmtree(half, ignore_errors=True)
    return copy / "bin"


def postmaster_pid(place: Path) -> int | None:
    """Return the process id a server left in ``place``, alive or not."""
    try:
        return int((place / "postmaster.pid").read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def is_postmaster_of(pid: int, place: Path) -> bool:
    """Tell whether this process is the live server of ``place`` (a process id may have been given away)."""
    link = Path(f"/proc/{pid}/cwd")
    if Path("/proc/self/cwd").exists():
        try:
            return link.readlink() == place and _state(pid) != "Z"  # a postmaster works in its data directory
        except OSError:
            return False
    told = subprocess.run(["ps", "-p", str(pid), "-o", "args="], capture_output=True, text=True, check=False)
    return str(place) in told.stdout


def delete(data_dir: Path) -> None:
    """Delete a data directory, wherever it really lies."""
    if data_dir.is_symlink():
        delete_room(data_dir)
        data_dir.unlink()
    shutil.rmtree(data_dir, ignore_errors=True)


def delete_room(path: Path) -> None:
    """Delete what lies outside for ``path``: its data, or its copy of the programs."""
    shutil.rmtree(_room(path), ignore_errors=True)


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]


def _may_pass(path: Path, account: pwd.struct_passwd) -> bool:
    """Tell whether the account may walk down to ``path`` (the nearest part of it that exists)."""
    return all(_open_to(step, account) for step in (path, *path.parents) if step.exists())


def _open_to(path: Path, account: pwd.struct_passwd) -> bool:
    status = path.stat()
    if status.st_uid == account.pw_uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.pw_gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def _room(path: Path) -> Path:
    """Return our own directory for ``path`` outside of it, which others may pass and not list."""
    name = hashlib.sha256(str(path.absolute()).encode()).hexdigest()[:16]
    room = LASTING / f"frontdesk-{os.geteuid()}-{name}"
    room.mkdir(mode=0o711, exist_ok=True)
    if room.lstat().st_uid != os.geteuid() or room.is_symlink():
        raise PostgresError(f"{room} belongs to somebody else: delete it.")
    room.chmod(0o711)
    if not (room / "origin").exists():
        (room / "origin").write_text(str(path.absolute()))
        _sweep_rooms()
    return room


def _sweep_rooms() -> None:
    """Delete our directories whose checkout has been deleted since, unless a server still runs in them."""
    for room in LASTING.glob(f"frontdesk-{os.geteuid()}-*"):
        origin = room / "origin"
        if not origin.exists() or time.time() - origin.stat().st_mtime < 60:
            continue  # perhaps just being made
        path, pid = Path(origin.read_text()), postmaster_pid(room / "data")
        abandoned = not path.is_symlink() and not path.exists()
        if abandoned and (pid is None or not is_postmaster_of(pid, room / "data")):
            shutil.rmtree(room, ignore_errors=True)
