"""The part of `docs/reference/api.md` that is made from the API's document: one table for each heading."""

import re
from typing import Any

from accounts.api.codes import CODES

BEGIN, END = "<!-- generated: make schema -->", "<!-- generated: end -->"


def fill(page: str, document: dict[str, Any]) -> str:
    """The page with new tables between the marks. Raises ValueError if the marks are not there."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"The page has no {BEGIN} … {END}.")
    return f"{before}{BEGIN}\n\n{tables(document)}\n{END}{after}"


def tables(document: dict[str, Any]) -> str:
    """One table for each heading of the document, and one of the codes of errors."""
    return "\n".join([*(_table(tag["name"], document) for tag in document["tags"]), _codes()])


def _codes() -> str:
    ordered = sorted(CODES.items(), key=lambda item: item[1].status)
    rows = [f"| {code.status} | `{name}` | {code.says} |\n" for name, code in ordered]
    return "### Codes of errors\n\n| status | code | when |\n|---|---|---|\n" + "".join(rows)


def _table(tag: str, document: dict[str, Any]) -> str:
    rows = [
        _row(method, path, call)
        for path, calls in document["paths"].items()
        for method, call in calls.items()
        if tag in call["tags"] and method not in ("head", "options")
    ]
    return f"### {tag}\n\n| call | needs | does |\n|---|---|---|\n" + "".join(rows)


def _row(method: str, path: str, call: dict[str, Any]) -> str:
    short = re.sub(r"{(\w+)Id}", r"{\1}", path.removeprefix("/api/v1"))
    scopes = ", ".join(f"`{scope}`" for scope in call.get("x-scopes", [])) or (
        "any token" if call["security"] else "no token"
    )
    return f"| {method.upper()} `{short}` | {scopes} | {_does(call)} |\n"


def _does(call: dict[str, Any]) -> str:
    """The summary, the parameters of the query, and the description without the scopes."""
    said = call.get("description", "").partition("\n\n")[0]
    asked = [f"`{each['name']}`" for each in call.get("parameters", []) if each.get("in") == "query"]
    told = "" if said.startswith(("Needs `", "Open to every")) else f" {said}"
    query = f" Parameters: {', '.join(asked)}." if asked else ""
    return f"**{call['summary']}**.{told}{query}".replace("?**.", "?**").replace("|", "\\|")
