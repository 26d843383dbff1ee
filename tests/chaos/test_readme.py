"""The README's story, typed as it stands there."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from heartbeet.settings import env
from tests.chaos.installation import EMAIL, installed, until

pytestmark = [
    pytest.mark.sqlite,
    pytest.mark.skipif(not shutil.which("curl"), reason="the story is told with curl"),
]


def test_the_story_of_the_readme_is_true(tmp_path: Path) -> None:
    (story,) = re.findall(r"```sh\n(.*?)```", (env.ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    with installed(tmp_path) as heartbeet:
        here = (
            story.replace("you@example.com", EMAIL)
            .replace("127.0.0.1:8000", f"127.0.0.1:{heartbeet.port}")
            .replace(".venv/bin/heartbeet", f"{sys.executable} -m heartbeet.cli")
        )

        told = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", here], env=heartbeet.environ, cwd=env.ROOT, check=False
        )

        assert told.returncode == 0
        until(lambda: "Subject: DOWN: backup" in heartbeet.log())
        until(lambda: "Subject: RECOVERED: backup" in heartbeet.log())
