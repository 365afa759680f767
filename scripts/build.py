"""Build what Lambda gets, and refuse what Lambda would refuse.

`python -m scripts.build [options of sam build]` builds always; `build_if_stale` is for the tests.
"""

import compileall
import contextlib
import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from py_compile import PycInvalidationMode

from samcli.yamlhelper import yaml_parse

ROOT = Path(__file__).resolve().parent.parent
SAM = ROOT / ".aws-sam"
BUILD = SAM / "build"
RECORD = SAM / "frontdesk-build.json"
MEGABYTE = 1024 * 1024
# Lambda unpacks a function and its layers into 250 MB and no more (AWS Lambda quotas).
HARD_LIMIT = 250 * MEGABYTE
# Ours: a cold start reads what it imports, and this is twice what `book` needs today.
SOFT_LIMIT = 45 * MEGABYTE
# What a layer is there for.
PACKAGES = {"SharedLayer": "python/frontdesk/db.py", "MigrationsLayer": "python/migrations/roles.sql"}
DISCOVERY_DOCUMENTS = {"calendar.v3.json"}
TWILIO_PRODUCTS = {"api"}


class BuildError(Exception):
    """What was built cannot be deployed; the text says why."""


@dataclass(frozen=True, slots=True)
class Artefact:
    """One directory of the build.

    `place` is where Lambda unpacks it; `size` is in bytes, unpacked.
    """

    name: str
    directory: Path
    place: str
    size: int
    handler: str | None
    layers: tuple[str, ...]


def sources_digest() -> str:
    """Give one hash over everything the build is made from, whatever its times of change are."""
    digest = hashlib.sha256()
    files = [ROOT / "template.yaml", ROOT / "scripts" / "build.py"]
    # functions/staff_api/web and layers/migrations/migrations are links, which rglob does not follow.
    for tree in (ROOT / "functions", ROOT / "layers", ROOT / "web", ROOT / "migrations"):
        files += sorted(
            path for path in tree.rglob("*") if path.is_file() and "__pycache__" not in path.parts
        )
    for path in files:
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def run_sam(options: Sequence[str]) -> None:
    """Run `sam build` with the Python of this environment.

    Raises BuildError when sam fails; its own output has said why.
    """
    # sam looks for `python3.13` and its pip on the PATH, and a region only to read the template.
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "SAM_CLI_TELEMETRY": "0",
        "AWS_DEFAULT_REGION": os.environ.get("AWS_DEFAULT_REGION", "us-east-1"),
    }
    # Cached by sam in .aws-sam, by the content of each function's directory: packages are fetched again only
    # where a requirements.txt changed. A function without one needs no run of pip, seconds of CPU each.
    command = [sys.executable, "-m", "samcli", "build", "--parallel", "--cached", *options]
    finished = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=False, timeout=900
    )
    if finished.returncode:
        raise BuildError("sam build failed; the lines above are its own.")


def read_artefacts() -> list[Artefact]:
    """List the functions and layers of the built template with their sizes."""
    template = yaml_parse((BUILD / "template.yaml").read_text())
    common = template.get("Globals", {}).get("Function", {}).get("Layers", [])
    artefacts = []
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::Function":
            # SAM adds a function's own layers to those all functions have.
            layers = tuple(
                layer["Ref"] if isinstance(layer, dict) else layer
                for layer in [*common, *properties.get("Layers", [])]
            )
            directory, place = BUILD / properties["CodeUri"], "/var/task"
        elif resource["Type"] == "AWS::Serverless::LayerVersion":
            layers, directory, place = (), BUILD / properties["ContentUri"], "/opt"
        else:
            continue
        artefacts.append(
            Artefact(name, directory, place, size_of(directory), properties.get("Handler"), layers)
        )
    return artefacts


def size_of(directory: Path) -> int:
    """Add up the bytes of all files below a directory."""
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


def processor_of(artefacts: Sequence[Artefact]) -> str:
    """Tell the processor the compiled packages are for, as platform.machine() names it, or "any"."""
    for artefact in artefacts:
        for library in artefact.directory.rglob("*.cpython-313-*-linux-gnu.so"):
            return library.name.split("-")[-3]
    return "any"


def compile_sources(artefact: Artefact) -> None:
    """Ship bytecode beside every source.

    Lambda's disk is read-only, so without it every cold start compiles all it imports. Unchecked hashes: the
    default bytecode carries the time of change of its source, which need not survive zipping and unpacking,
    and one second of difference voids it; a deployed artefact never changes, so there is nothing to check.
    """
    compiled = compileall.compile_dir(
        artefact.directory,
        force=True,  # pip leaves bytecode of the other kind behind
        quiet=1,
        workers=0,  # as many as there are processors
        # Tracebacks name the file's place in Lambda, not the machine of the one who built it.
        stripdir=str(artefact.directory),
        prependdir=artefact.place,
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
    )
    if not compiled:
        raise BuildError(f"{artefact.name} holds a file Python 3.13 cannot compile.")


def trim(artefact: Artefact) -> None:
    """Take out what no function can use.

    Google's client describes some 500 services (110 MB) in files, of which only calendar v3 is read (static
    discovery); Twilio's has some forty products, which it imports when they are asked for, and we text only.
    """
    documents = artefact.directory / "googleapiclient" / "discovery_cache" / "documents"
    for document in documents.glob("*.json"):
        if document.name not in DISCOVERY_DOCUMENTS:
            document.unlink()
    for product in (artefact.directory / "twilio" / "rest").glob("*/"):
        if product.name not in TWILIO_PRODUCTS:
            shutil.rmtree(product)


def siblings(artefacts: Sequence[Artefact]) -> list[list[Artefact]]:
    """Group artefacts made from the same sources: two functions of one package are the same files."""
    resources = yaml_parse((ROOT / "template.yaml").read_text())["Resources"]
    groups: dict[str, list[Artefact]] = {}
    for artefact in artefacts:
        properties = resources[artefact.name]["Properties"]
        groups.setdefault(properties.get("CodeUri") or properties["ContentUri"], []).append(artefact)
    return list(groups.values())


def finish(artefacts: Sequence[Artefact]) -> None:
    """Trim and compile what sam put together; once for functions of one package, the others are linked."""
    for first, *others in siblings(artefacts):
        trim(first)
        compile_sources(first)
        for other in others:
            shutil.rmtree(other.directory)
            shutil.copytree(first.directory, other.directory, copy_function=os.link)


def check_artefact(artefact: Artefact, layers: Sequence[Artefact]) -> None:
    """Refuse a build whose handler Lambda would not find, or that carries what does not belong there."""
    if artefact.handler:
        module = artefact.handler.rpartition(".")[0].replace(".", "/") + ".py"
        places = [artefact.directory, *(layer.directory / "python" for layer in layers)]
        if not any((place / module).is_file() for place in places):
            raise BuildError(f"{artefact.name} has no {module}, which its Handler {artefact.handler} needs.")
    foreign = [path for path in artefact.directory.rglob("*.pyc") if "cpython-313" not in path.name]
    # Ours only: some packages ship tests of their own (certifi), a few kilobytes.
    ours = [artefact.directory / "functions", artefact.directory / "python" / "frontdesk"]
    tests = [path for place in ours for path in place.rglob("tests") if path.is_dir()]
    tests += [path for path in [artefact.directory / "tests"] if path.is_dir()]
    for path in [*foreign, *tests]:
        raise BuildError(
            f"{artefact.name} carries {path.relative_to(artefact.directory)}, which has no place in Lambda."
        )
    package = PACKAGES.get(artefact.name)
    if package and not (artefact.directory / package).exists():
        raise BuildError(f"{artefact.name} has no {package}, so no function could import it.")


def report_sizes(artefacts: Sequence[Artefact]) -> dict[str, float]:
    """Print the size of every artefact, and of each function with its layers.

    Returns megabytes by name. Raises BuildError above Lambda's own limit.
    """
    by_name = {artefact.name: artefact for artefact in artefacts}
    sizes = {artefact.name: round(artefact.size / MEGABYTE, 2) for artefact in artefacts}
    for artefact in artefacts:
        print(f"  {artefact.name:<28} {artefact.size / MEGABYTE:8.2f} MB unpacked")
    for artefact in artefacts:
        if not artefact.layers:
            continue
        whole = artefact.size + sum(by_name[layer].size for layer in artefact.layers)
        name = " + ".join([artefact.name, *artefact.layers])
        sizes[name] = round(whole / MEGABYTE, 2)
        print(f"  {name:<28} {whole / MEGABYTE:8.2f} MB of {HARD_LIMIT // MEGABYTE}")
        if whole > HARD_LIMIT:
            raise BuildError(f"{name} is above the {HARD_LIMIT // MEGABYTE} MB Lambda unpacks.")
        if artefact.name == "BookFunction" and whole > SOFT_LIMIT:
            print(
                f"  warning: above our own {SOFT_LIMIT // MEGABYTE} MB for a function on the phone's path",
                file=sys.stderr,
            )
    return sizes


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Let one build at a time touch .aws-sam: a test may build while somebody runs make build."""
    SAM.mkdir(exist_ok=True)
    with (SAM / "frontdesk-build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build(options: Sequence[str] = ()) -> None:
    """Build, compile, check and measure every function and layer into .aws-sam/build.

    Raises BuildError with one sentence when the result could not be deployed.
    """
    with alone():
        build_unlocked(options)


def build_if_stale() -> bool:
    """Build unless .aws-sam/build was made from exactly these sources for this processor.

    Returns whether it built.
    """
    with alone():
        if RECORD.is_file() and (BUILD / "template.yaml").is_file():
            record = json.loads(RECORD.read_text())
            if record["sources"] == sources_digest() and record["processor"] == platform.machine():
                return False
        build_unlocked(())
        return True


def build_unlocked(options: Sequence[str]) -> None:
    """Do the work of `build` for a caller that holds the lock."""
    started = time.monotonic()
    print("sam build (python3.13): fetching the layer's packages, copying the sources ...", flush=True)
    RECORD.unlink(missing_ok=True)
    digest = sources_digest()
    run_sam(options)
    finish(read_artefacts())
    artefacts = read_artefacts()  # again: the bytecode counts
    by_name = {artefact.name: artefact for artefact in artefacts}
    for artefact in artefacts:
        check_artefact(artefact, [by_name[layer] for layer in artefact.layers])
    sizes = report_sizes(artefacts)
    record = {"sources": digest, "processor": processor_of(artefacts), "megabytes": sizes}
    RECORD.write_text(json.dumps(record, indent=2) + "\n")
    print(f"built in {time.monotonic() - started:.0f} s, in .aws-sam/build")


def main() -> int:
    """Build with the options given on the command line."""
    if {"-h", "--help"} & set(sys.argv[1:]):
        # Not handed on: sam would print its own help, and what lies there from before would pass for built.
        print(f"usage: make build ARGS='options of sam build'\n\n{(__doc__ or '').strip()}")
        return 0
    try:
        build(sys.argv[1:])
    except BuildError as refusal:
        print(f"frontdesk: {refusal}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
