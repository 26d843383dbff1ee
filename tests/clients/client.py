"""Sets up a monitor for a cron job, with nothing but httpx:

    MONITORING_URL=https://beet.example.com MONITORING_TOKEN=hb_… JOB=invoices python client.py

Prints the name of each monitor that there is, then what the new one's row says.
"""

import os
from collections.abc import Iterator
from typing import Any

import httpx

JOB = os.environ["JOB"]


class ApiError(Exception):
    """The API refused; `code` is stable, the sentence is for people."""

    def __init__(self, response: httpx.Response) -> None:
        problem = response.json()
        super().__init__(f"{response.status_code} {problem['code']}: {problem['error']}")
        self.code: str = problem["code"]


class Monitoring:
    """The calls that this script makes."""

    def __init__(self, url: str, token: str) -> None:
        self.client = httpx.Client(base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {token}"})

    def call(self, method: str, path: str, body: Any = None, key: str = "") -> httpx.Response:
        headers = {"Idempotency-Key": key} if key else {}
        response = self.client.request(method, path, json=body, headers=headers)
        if response.is_error:
            raise ApiError(response)
        return response

    def all(self, path: str) -> Iterator[dict[str, Any]]:
        link: str | None = path
        while link:
            page = self.call("GET", link).json()
            yield from page["results"]
            link = page["next"]

    def code_of(self, method: str, path: str, body: Any = None) -> str:
        try:
            self.call(method, path, body)
        except ApiError as error:
            return error.code
        return "none"


def main() -> None:
    monitoring = Monitoring(os.environ["MONITORING_URL"], os.environ["MONITORING_TOKEN"])
    body = {"name": JOB, "intervalSec": 3600, "heartbeatGraceSec": 300, "url": f"internal://{JOB}"}

    created = monitoring.call("POST", "/monitors", body, key=f"setup-{JOB}")
    replayed = monitoring.call("POST", "/monitors", body, key=f"setup-{JOB}")
    assert replayed.json() == created.json()
    assert replayed.headers["Idempotent-Replayed"] == "true"

    assert monitoring.code_of("POST", "/monitors", body) == "MONITOR_NAME_DUPLICATE"
    assert monitoring.code_of("GET", "/incidents") == "PAT_SCOPE_INSUFFICIENT"

    path = f"/monitors/{created.json()['id']}"
    secrets = monitoring.call("GET", f"{path}/secrets").json()
    assert httpx.post(secrets["pingUrl"]).status_code == 204

    for monitor in monitoring.all("/monitors?limit=2"):
        print("monitor", monitor["name"])  # noqa: T201  (it is a script)
    row = monitoring.call("GET", path).json()
    print("status", row["status"])  # noqa: T201
    print("pings", row["pingCount"])  # noqa: T201


if __name__ == "__main__":
    main()
