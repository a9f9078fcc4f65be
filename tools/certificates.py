#!/usr/bin/env python3
"""Certificates for the servers of tests: two authorities, and what each has signed, as PEM files in one folder.

tools/servers.py makes them before the first server that needs one. They are made once, with the `openssl` command, and are
worth nothing: their keys lie beside them.

Standard library only: it runs before any virtual environment exists.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

AUTHORITIES = ["ca", "other-ca"]  # NAME.pem and NAME.key. The second one is trusted by nobody.
YEARS_10 = 3650
YESTERDAY = -1
# Each a pair NAME.pem and NAME.key, and NAME.keystore.pem with both. By name: who signed it, what it names, its last day.
CERTIFICATES = {
    "kafka": ("ca", "IP:127.0.0.1,DNS:localhost", YEARS_10),
    "kafka-elsewhere": ("ca", "DNS:kafka.elsewhere.example", YEARS_10),
    "kafka-expired": ("ca", "IP:127.0.0.1,DNS:localhost", YESTERDAY),
    "cassandra-tls": ("ca", "IP:127.0.0.11", YEARS_10),
    "cassandra-mtls": ("ca", "DNS:localhost", YEARS_10),  # The usual case: a name, and no address.
    "client": ("ca", "DNS:turntable.example", YEARS_10),
    "client-of-other-ca": ("other-ca", "DNS:turntable.example", YEARS_10),
}
NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]


def make(folder: Path) -> Path:
    """Fills the folder, unless it is filled already. Raises OSError where that fails."""
    if (folder / ".complete").exists():
        return folder
    if not shutil.which("openssl"):
        raise OSError("openssl is not installed, and it makes the certificates of the servers. Run ./dev setup --tests first.")
    fresh = folder.with_name(folder.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for name in AUTHORITIES:
        openssl(
            fresh, "req", "-x509", *NEW_KEY, "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.pem", "-days", str(YEARS_10),
            "-subj", f"/CN=Turntable test authority {name}", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
        )  # fmt: skip
    for name, (authority, names, days) in CERTIFICATES.items():
        request = ["-subj", f"/CN={name}", "-addext", f"subjectAltName={names}"]
        openssl(fresh, "req", *NEW_KEY, "-nodes", "-keyout", f"{name}.key", "-out", "request", *request)
        openssl(
            fresh, "x509", "-req", "-in", "request", "-CA", f"{authority}.pem", "-CAkey", f"{authority}.key", "-CAcreateserial",
            "-copy_extensions", "copy", "-days", str(days), "-out", f"{name}.pem",
        )  # fmt: skip
        # Java wants both in one file.
        (fresh / f"{name}.keystore.pem").write_bytes((fresh / f"{name}.key").read_bytes() + (fresh / f"{name}.pem").read_bytes())
    openssl(fresh, "pkcs8", "-topk8", "-in", "client.key", "-out", "client.locked.key", "-passout", "pass:needle")
    (fresh / "request").unlink()
    (fresh / ".complete").touch()
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)
    return folder


def openssl(folder: Path, *arguments: str) -> None:
    command = ["openssl", *arguments]
    result = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if result.returncode != 0:
        raise OSError(f"openssl could not make a certificate; `{' '.join(command)}` said:\n{result.stdout}")
