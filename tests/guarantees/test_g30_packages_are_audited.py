"""G30. Failures are legible: the other half, an audit of the packages against known vulnerabilities.

The list comes from the network; here a server on loopback answers in its place, so what these tests hold is
that a finding fails `make audit`, that an exception with a reason does not, and that none lasts for ever.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.serving import Reply, serving

AUDIT = Path(__file__).resolve().parents[2] / "bench" / "audit.py"


def audit(folder: Path, advisory: str | None, exceptions: str) -> subprocess.CompletedProcess[str]:
    """The audit of one installed package, of which the list knows this advisory, with these exceptions."""
    package = folder / "site" / "leaky-1.0.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: leaky\nVersion: 1.0\n")
    (folder / "audit.py").write_text(AUDIT.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "audit.toml").write_text(exceptions, encoding="utf-8")
    affected = [{"package": {"name": "leaky", "ecosystem": "PyPI"}}]
    known = {"vulns": [{"id": advisory, "summary": "It leaks.", "affected": affected}]} if advisory else {}
    with serving(lambda _: Reply(json.dumps(known).encode())) as server:
        command = [sys.executable, str(folder / "audit.py"), str(folder / "site")]
        environment = os.environ | {"PIP_AUDIT_OSV_URL": server.at("/v1/query")}
        return subprocess.run(command, env=environment, capture_output=True, text=True)


def exception(name: str, until: str) -> str:
    return f'[[exception]]\nid = "{name}"\npackage = "leaky"\nuntil = {until}\nreason = "It is not used."\n'


@pytest.mark.parametrize(
    ("advisory", "exceptions", "passes", "said"),
    [
        (None, exception("CVE-1", "2999-01-01"), True, "No known vulnerabilities"),
        ("CVE-1", exception("CVE-1", "2999-01-01"), True, "1 ignored"),
        ("CVE-2", exception("CVE-1", "2999-01-01"), False, "CVE-2"),
        ("CVE-1", exception("CVE-1", "2020-01-01"), False, "CVE-1 (leaky)"),
    ],
)
def test_a_known_vulnerability_fails_the_audit_until_it_is_excepted(
    tmp_path: Path, advisory: str | None, exceptions: str, passes: bool, said: str
) -> None:
    done = audit(tmp_path, advisory, exceptions)
    assert (done.returncode == 0) is passes, done.stderr
    assert said in done.stdout + done.stderr
