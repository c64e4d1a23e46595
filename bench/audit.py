"""Holds the installed packages against the known vulnerabilities: `make audit`. It needs the network.

`python bench/audit.py [FOLDER]` looks at the packages of a folder instead. What is found fails the audit,
unless `audit.toml` excepts it with a reason; an exception that is overdue fails it too. The list is OSV's;
`PIP_AUDIT_OSV_URL` names another server with the same answers.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path

EXCEPTIONS = Path(__file__).with_suffix(".toml")


def main() -> int:
    """0 where nothing is known against what is installed, or nothing but what is excepted."""
    excepted = tomllib.loads(EXCEPTIONS.read_text(encoding="utf-8"))["exception"]
    overdue = [f"{each['id']} ({each['package']})" for each in excepted if each["until"] < date.today()]
    if overdue:
        print(f"To be looked at again, see {EXCEPTIONS.name}: {', '.join(overdue)}", file=sys.stderr)
        return 1
    ignored = [f"--ignore-vuln={each['id']}" for each in excepted]
    command = [sys.executable, "-m", "pip_audit", "--progress-spinner=off", "--vulnerability-service=osv"]
    where = ["--path", sys.argv[1]] if sys.argv[1:] else ["--local"]
    return subprocess.run([*command, *where, *ignored]).returncode


if __name__ == "__main__":
    sys.exit(main())
