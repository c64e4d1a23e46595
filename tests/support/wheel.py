"""The wheel, and an environment with it outside the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]


def built(project: Path, folder: Path) -> Path:
    """The wheel of the project in this folder."""
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(project)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    (wheel,) = folder.glob("*.whl")
    return wheel


class Installed:
    """An environment with the wheel in it, and a home folder where nothing of this project is."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        self.bin, self.home = folder / "venv" / "bin", folder / "home"
        self.home.mkdir()
        alone = os.environ.get("FOOTNOTE_DIST") == "alone"
        venv.create(folder / "venv", with_pip=alone, symlinks=True)
        python = str(self.bin / "python")
        if alone:
            pip = [python, "-m", "pip", "install", "-q", "-c", str(PROJECT / "requirements.txt")]
            subprocess.run([*pip, "torch"], check=True)
            subprocess.run([*pip, str(wheel)], check=True)
        else:
            pip = [sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", "--no-index"]
            subprocess.run([*pip, str(wheel)], check=True)
            site = folder / "venv" / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
            (site / "standing.pth").write_text(sysconfig.get_paths()["purelib"], encoding="utf-8")

    @property
    def environment(self) -> dict[str, str]:
        own = {key: value for key, value in os.environ.items() if not key.startswith(("RAG_", "PYTHON", "STREAMLIT_"))}
        return own | {"HOME": str(self.home), "XDG_DATA_HOME": str(self.home / "data"), "RAG_MODEL": "none"}

    def footnote(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.bin / "footnote"), *arguments]
        return subprocess.run(command, cwd=self.home, env=self.environment, capture_output=True, text=True, timeout=600)

    def json(self, *arguments: str) -> dict[str, Any]:
        ended = self.footnote(*arguments, "--json")
        assert ended.returncode == 0, ended.stderr
        found: dict[str, Any] = json.loads(ended.stdout)
        return found
