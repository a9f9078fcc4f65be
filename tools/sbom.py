#!/usr/bin/env python3
"""Writes the bill of materials of the program: what it is built from, as a CycloneDX document in JSON.

The build calls this after linking. Crates come from bridge/Cargo.lock and `cargo metadata`; the C libraries that crates carry
from their sources; Debian's packages from the program's dynamic section and from the files that are compiled into it. The same
program and packages give the same document: it has no time and no random number. Standard library only.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tomllib
import urllib.parse
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SPEC = "1.6"
NAMESPACE = uuid.UUID("6f1c8a52-6d0b-5d6e-9d0e-2f4f6a7f1a35")  # Ours; serial numbers are made from it and the content.

# C libraries inside of crates, by the file of the crate's sources that says which version it is.
BUNDLED = [
    ("rdkafka-sys", "librdkafka", "confluentinc/librdkafka", "BSD-2-Clause", "librdkafka/src/rdkafka.h", "RD_KAFKA_VERSION"),
    ("rdkafka-sys", "lz4", "lz4/lz4", "BSD-2-Clause", "librdkafka/src/lz4.h", "LZ4_VERSION"),
    ("rdkafka-sys", "cJSON", "DaveGamble/cJSON", "MIT", "librdkafka/src/cJSON.h", "CJSON_VERSION"),
]
# Files of other projects that lie in this repository and are in the program, unchanged: the package, where it comes from, its files.
VENDORED = [
    (
        ("npm", "uplot", "1.6.32"), "MIT", "leeoniya/uPlot",
        {
            "src/serve/web/uplot.js": "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
            "src/serve/web/uplot.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
        },
    ),
]  # fmt: skip


def said_by(command: list[str | Path]) -> str:
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True).stdout


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def purl(kind: str, *parts: str, version: str, **qualifiers: str) -> str:
    """https://github.com/package-url/purl-spec"""
    path = "/".join(urllib.parse.quote(part, safe="") for part in parts)
    query = "&".join(f"{name}={urllib.parse.quote(value, safe='')}" for name, value in sorted(qualifiers.items()))
    return f"pkg:{kind}/{path}@{urllib.parse.quote(version, safe='')}" + (f"?{query}" if query else "")


# --------------------------------------------------------------------------------------------------------------------- crates


def linked_crates(metadata: dict) -> set[str]:
    """The ids of the crates whose code is in the program: reached from ours without a step that only the build takes."""
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    # Of these it is the C sources that are in the program; their Rust code, and what that needs, is not compiled.
    carriers = {package["id"] for package in metadata["packages"] if package["name"] in {crate for crate, *_ in BUNDLED}}
    # What a macro is made of runs in the compiler, not in the program.
    macros = {package["id"] for package in metadata["packages"] if any("proc-macro" in t["kind"] for t in package["targets"])}
    found, open_ = set(), [metadata["resolve"]["root"]]
    while open_:
        crate = open_.pop()
        if crate in found or crate in macros:
            continue
        found.add(crate)
        if crate in carriers:
            continue
        for dependency in nodes[crate]["deps"]:
            if any(kind["kind"] is None for kind in dependency["dep_kinds"]):
                open_.append(dependency["pkg"])
    return found


def crate_components(lock: dict, metadata: dict) -> tuple[list[dict], list[dict]]:
    """A component for each crate of the lock file, and who depends on whom. What only builds or is for others is excluded."""
    packages = {(package["name"], package["version"]): package for package in metadata["packages"]}
    linked = linked_crates(metadata)
    components, refs = [], {}
    for crate in lock["package"]:
        name, version = crate["name"], crate["version"]
        if "source" not in crate:
            continue  # Ours: a part of the program itself.
        package = packages.get((name, version))
        ref = purl("cargo", name, version=version)
        component = {
            "type": "library",
            "bom-ref": ref,
            "name": name,
            "version": version,
            "scope": "required" if package and package["id"] in linked else "excluded",
            "hashes": [{"alg": "SHA-256", "content": crate["checksum"]}],
            "purl": ref,
        }
        if package:
            refs[package["id"]] = ref
            # Before SPDX had expressions, Cargo had a slash for OR.
            component["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
            if package.get("repository"):
                component["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
        components.append(component)
    refs[metadata["resolve"]["root"]] = "turntable"
    edges = []
    for node in metadata["resolve"]["nodes"]:
        if node["id"] in refs:
            edges.append({"ref": refs[node["id"]], "dependsOn": sorted(refs[d["pkg"]] for d in node["deps"] if d["pkg"] in refs)})
    return components, edges


def version_in(header: Path, prefix: str) -> str:
    """From a C header: PREFIX_MAJOR, _MINOR, and _RELEASE or _PATCH; or PREFIX as the number 0xMMmmrrpp, as librdkafka has it."""
    text = header.read_text(errors="replace")
    packed = re.search(rf"^\s*#\s*define\s+{prefix}\s+0x([0-9a-fA-F]{{8}})", text, re.MULTILINE)
    if packed:
        return ".".join(str(int(packed[1][i : i + 2], 16)) for i in (0, 2, 4))
    parts = dict(re.findall(rf"^\s*#\s*define\s+{prefix}_(MAJOR|MINOR|RELEASE|PATCH)\s+(\d+)", text, re.MULTILINE))
    return ".".join([parts["MAJOR"], parts["MINOR"], parts.get("RELEASE") or parts["PATCH"]])


def bundled_components(metadata: dict) -> tuple[list[dict], list[dict]]:
    folders = {p["name"]: (Path(p["manifest_path"]).parent, purl("cargo", p["name"], version=p["version"])) for p in metadata["packages"]}
    components, edges = [], {}
    for crate, name, repository, license_, header, prefix in BUNDLED:
        folder, carrier = folders[crate]
        version = version_in(folder / header, prefix)
        ref = purl("github", *repository.lower().split("/"), version=f"v{version}")
        components.append(
            {
                "type": "library",
                "bom-ref": ref,
                "name": name,
                "version": version,
                "scope": "required",
                "licenses": [{"expression": license_}],
                "purl": ref,
                "externalReferences": [{"type": "vcs", "url": f"https://github.com/{repository}"}],
                "properties": [{"name": "turntable:carried-by", "value": f"{crate} (its C sources, linked statically)"}],
            }
        )
        edges.setdefault(carrier, []).append(ref)
    return components, [{"ref": ref, "dependsOn": sorted(carried)} for ref, carried in edges.items()]


def vendored_components() -> list[dict]:
    components = []
    for (kind, name, version), license_, repository, files in VENDORED:
        for file, checksum in files.items():
            if sha256(ROOT / file) != checksum:
                raise SystemExit(f"{file} is not the one of {name} {version}: its SHA-256 is {sha256(ROOT / file)}")
        ref = purl(kind, name, version=version)
        components.append(
            {
                "type": "library",
                "bom-ref": ref,
                "name": name,
                "version": version,
                "scope": "required",
                "hashes": [{"alg": "SHA-256", "content": next(iter(files.values()))}],
                "licenses": [{"expression": license_}],
                "purl": ref,
                "externalReferences": [{"type": "vcs", "url": f"https://github.com/{repository}"}],
                "properties": [{"name": "turntable:files", "value": ", ".join(files)}],
            }
        )
    return components


# ----------------------------------------------------------------------------------------------------------- Debian's packages


def shared_libraries(program: Path) -> list[Path]:
    """What the program names in its dynamic section, where the loader finds it."""
    needed = re.findall(r"\(NEEDED\).*\[(.+)\]", said_by(["readelf", "--dynamic", "--wide", program]))
    found = dict(re.findall(r"^\s*(\S+)(?: => (\S+))? \(0x", said_by(["ldd", program]), re.MULTILINE))
    return [Path(found.get(name) or name) for name in needed]


def package_of(file: Path) -> str | None:
    """dpkg knows files by the name that they were installed under: with or without the /usr that /lib now points to."""
    names = [str(file), str(file.resolve())]
    names += [name.removeprefix("/usr") for name in names if name.startswith("/usr/lib")]
    for name in dict.fromkeys(names):
        done = subprocess.run(["dpkg-query", "--search", name], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return done.stdout.splitlines()[0].rpartition(": ")[0].split(",")[0]
    return None


def debian_release() -> str:
    release = dict(re.findall(r'^(ID|VERSION_ID)="?([^"\n]*)"?$', Path("/etc/os-release").read_text(), re.MULTILINE))
    return f"{release.get('ID', 'debian')}-{release.get('VERSION_ID', 'unknown')}"


def debian_components(program: Path, compiled_in: list[Path]) -> list[dict]:
    if shutil.which("dpkg-query") is None:
        return []
    use: dict[str, str] = {}
    for kind, files in (("compiled in", compiled_in), ("shared library", shared_libraries(program))):
        for file in files:
            package = package_of(file)
            if package is None:
                print(f"sbom: no Debian package has {file}: it is left out", file=sys.stderr)
            else:
                use[package] = kind
    release, components = debian_release(), []
    for package, kind in use.items():
        fields = "${binary:Package}\t${Package}\t${Version}\t${Architecture}\t${source:Package}\t${Homepage}"
        _, name, version, architecture, source, homepage = said_by(["dpkg-query", "--show", f"--showformat={fields}", package]).split("\t")
        ref = purl("deb", "debian", name, version=version, arch=architecture, distro=release)
        component = {
            "type": "library",
            "bom-ref": ref,
            "name": name,
            "version": version,
            "scope": "required",
            "purl": ref,
            "properties": [{"name": "turntable:use", "value": kind}, {"name": "turntable:debian-source", "value": source}],
        }
        if homepage:
            component["externalReferences"] = [{"type": "website", "url": homepage}]
        components.append(component)
    return components


# ------------------------------------------------------------------------------------------------------------------- document


def document(arguments: argparse.Namespace) -> dict:
    lock = tomllib.loads((ROOT / "bridge" / "Cargo.lock").read_text())
    target = re.search(r"^host: (.+)$", said_by([arguments.rustc, "--version", "--verbose"]), re.MULTILINE)[1]
    metadata = json.loads(
        said_by(
            [arguments.cargo, "metadata", "--offline", "--locked", "--all-features", "--format-version=1", f"--filter-platform={target}"]
            + ["--manifest-path", ROOT / "bridge" / "Cargo.toml"]
        )
    )
    crates, edges = crate_components(lock, metadata)
    bundled, bundled_edges = bundled_components(metadata)
    debian = debian_components(arguments.program, arguments.compiled_in)
    vendored = vendored_components()
    depends: dict[str, set[str]] = {"turntable": {component["bom-ref"] for component in debian + vendored}}
    for edge in edges + bundled_edges:
        depends.setdefault(edge["ref"], set()).update(edge["dependsOn"])
    program = {
        "type": "application",
        "bom-ref": "turntable",
        "name": "turntable",
        "version": arguments.version,
        "description": "Turns a stream of records into a table",
        "licenses": [{"expression": "Apache-2.0"}],
        "hashes": [{"alg": "SHA-256", "content": sha256(arguments.program)}],
    }
    bom = {
        "$schema": f"http://cyclonedx.org/schema/bom-{SPEC}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPEC,
        "version": 1,
        "metadata": {"component": program},
        "components": sorted(crates + bundled + vendored + debian, key=lambda component: component["bom-ref"]),
        "dependencies": [{"ref": ref, "dependsOn": sorted(depends[ref])} for ref in sorted(depends)],
    }
    bom["serialNumber"] = f"urn:uuid:{uuid.uuid5(NAMESPACE, json.dumps(bom, sort_keys=True))}"
    return bom


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=Path, help="the linked program")
    parser.add_argument("compiled_in", type=Path, nargs="*", help="archives and headers of packages that are compiled into it")
    parser.add_argument("--version", required=True)
    parser.add_argument("--cargo", type=Path, default="cargo")
    parser.add_argument("--rustc", type=Path, default="rustc")
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    bom = document(arguments)
    beside = arguments.output.with_suffix(".part")
    beside.write_text(json.dumps(bom, indent=2, ensure_ascii=False) + "\n")
    beside.replace(arguments.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
