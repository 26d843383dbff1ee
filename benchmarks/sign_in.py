"""Does the time of a refusal tell who has an account? Wrong passwords for a known and for unknown accounts, in turn,
at a real `heartbeet up`. Prints one JSON line.

    python -m benchmarks.sign_in [--tries 60]
"""

import argparse
import contextlib
import http.client
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode

from tests.chaos.installation import EMAIL, Installation, installed

CSRF = "a" * 32
AIM = 0.10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tries", type=int, default=60, help="for each of the two; over 100 the account is limited")
    tries = parser.parse_args().tries
    with (
        tempfile.TemporaryDirectory(prefix="heartbeet-bench-") as folder,
        installed(Path(folder), HEARTBEET_TRUSTED_PROXIES="1") as installation,
    ):
        known, unknown = measure(installation, tries)
    sys.stdout.write(json.dumps(line(known, unknown)) + "\n")


def measure(installation: Installation, tries: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each refusal, for the known account and for unknown ones; the first of each is not counted."""
    known, unknown = [], []
    for number in range(tries + 1):
        known.append(refusal(installation, EMAIL, number))
        unknown.append(refusal(installation, f"nobody-{number}@example.com", number))
    return known[1:], unknown[1:]


def refusal(installation: Installation, email: str, number: int) -> float:
    """Milliseconds that a wrong password takes, from an address that was not seen before."""
    body = urlencode({"login": email, "password": f"wrong {number}", "csrfmiddlewaretoken": CSRF})
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": f"csrftoken={CSRF}",
        "X-Forwarded-For": f"203.0.{number // 200}.{number % 200 + 1}",
    }
    connection = http.client.HTTPConnection("127.0.0.1", installation.port, timeout=20)
    with contextlib.closing(connection):
        started = time.perf_counter()
        connection.request("POST", "/sign-in", body=body, headers=headers)
        response = connection.getresponse()
        page = response.read().decode()
        took = time.perf_counter() - started
    assert response.status == 200, (response.status, page)
    assert "is not right" in page
    return took * 1000


def line(known: list[float], unknown: list[float]) -> dict[str, object]:
    """What was measured."""
    ratio = statistics.median(known) / statistics.median(unknown)
    return {
        "case": "sign-in",
        "tries": len(known),
        "known_p50_ms": round(statistics.median(known), 1),
        "unknown_p50_ms": round(statistics.median(unknown), 1),
        "ratio": round(ratio, 3),
        "ok": abs(ratio - 1) <= AIM,
    }


if __name__ == "__main__":
    main()
