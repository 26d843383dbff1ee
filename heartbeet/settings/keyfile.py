"""The generated secrets of an embedded installation, changed: `secrets.json` in the data folder."""

import json
import os
from datetime import date
from pathlib import Path

from heartbeet.settings import env


def add_key(data: Path, *, today: date) -> str:
    """Put a new encryption key in front of the others. Returns its id, which is the day, or the day and a number."""
    keys = _read(data)["encryption_keys"].split(",")
    taken = {key.partition(":")[0].strip() for key in keys}
    candidates = [today.isoformat(), *(f"{today.isoformat()}.{number}" for number in range(2, len(taken) + 3))]
    kid = next(candidate for candidate in candidates if candidate not in taken)
    _write(data, [env.make_encryption_key(kid), *keys])
    return kid


def drop_keys(data: Path) -> list[str]:
    """Keep only the first encryption key. Returns the ids of the others, which are gone."""
    first, *others = _read(data)["encryption_keys"].split(",")
    if others:
        _write(data, [first])
    return [key.partition(":")[0].strip() for key in others]


def _read(data: Path) -> dict[str, str]:
    return env.embedded_secrets(data)


def _write(data: Path, keys: list[str]) -> None:
    """In one step: whoever reads the file meanwhile finds all of the old or all of the new."""
    path = data / "secrets.json"
    draft = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({**_read(data), "encryption_keys": ",".join(keys)}, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
