"""`docs/reference/settings.md` and the settings say the same."""

import re
from pathlib import Path

import pytest

from heartbeet.settings import env

PAGE = (env.ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `HEARTBEET_([A-Z_]+)` \| (.*?) \|", PAGE, re.MULTILINE))
WRITTEN_OTHERWISE = {"data", "site_url", "secret_key", "encryption_keys"}  # their defaults depend on other things


def test_every_setting_is_documented_and_nothing_else() -> None:
    assert {name.lower() for name in ROWS} == set(env.Env.model_fields)


@pytest.mark.parametrize("name", sorted(set(env.Env.model_fields) - WRITTEN_OTHERWISE))
def test_the_documented_default_is_the_default(name: str) -> None:
    default = env.Env.model_fields[name].default

    documented = ROWS[name.upper()].strip("`")

    assert documented == ("empty" if default in ("", []) else str(default))


def test_the_data_folder_is_var_in_the_checkout() -> None:
    assert env.Env.model_fields["data"].default == Path(env.ROOT) / "var"
