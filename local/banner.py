"""What a ready stack tells the person who started it."""

from typing import Any


def banner(stack: dict[str, Any], seconds: float) -> str:
    """Say what to open and what to try; secrets stay in .local/stack.json."""
    lines = [
        "",
        f"Frontdesk is ready after {seconds:.1f} s.",
        "",
        f"  The board        {stack['http']}/local/sign-in?org={stack['orgs'][0]['slug']}",
        f"  Health           {stack['http']}/health",
        f"  Voice tools      {stack['http']}/api/vapi/tools   (Vapi's tool-calls messages)",
        f"  Patient's phone  {stack['twilio']}/phone   (every text they get; answer as they would)",
        f"  Google Calendar  {stack['google']}/   (what a provider sees; add, move or delete as they would)",
        "",
        "  Try, in another terminal:",
        "    make call              a patient calls, books a time and gets a text",
        "    make race              ten callers want one slot, and one gets it",
        "",
        "  Clinics:",
        *(f"    {_clinic(org)}" for org in stack["orgs"]),
        "",
        "  Addresses, secrets and database URLs: .local/stack.json     Logs: .local/logs/",
        "  Stop with Ctrl-C. `make run FRESH=1` starts with no data, `make run PORT=9000` elsewhere.",
        "",
    ]
    return "\n".join(lines)


def _clinic(org: dict[str, Any]) -> str:
    people = ", ".join(provider["name"] for provider in org["providers"])
    return f"{org['slug']:<16} {org['time_zone']:<18} {org['vapi_number']}  {people}"
