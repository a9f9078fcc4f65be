"""The bill of materials that the build makes, checked by libraries that had no part in it, and against what is really there."""

import hashlib
import json
import re
import subprocess
import sys
import tomllib

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from support.program import BINARY, ROOT

BILL = BINARY.parent / "turntable.cdx.json"


@pytest.fixture(scope="module")
def bill() -> dict:
    assert BILL.exists(), f"{BILL} is not there; ./dev build makes it"
    return json.loads(BILL.read_text())


def of_kind(bill: dict, kind: str) -> dict[tuple[str, str], dict]:
    """The components by name and version whose package URL is of that kind."""
    found = [component for component in bill["components"] if PackageURL.from_string(component["purl"]).type == kind]
    return {(component["name"], component["version"]): component for component in found}


def locked() -> dict[tuple[str, str], dict]:
    crates = tomllib.loads((ROOT / "bridge" / "Cargo.lock").read_text())["package"]
    return {(crate["name"], crate["version"]): crate for crate in crates if "source" in crate}


def test_it_follows_the_schema():
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(BILL.read_text()) is None


def test_it_is_about_this_very_program(bill):
    program = bill["metadata"]["component"]
    assert program["name"] == "turntable"
    said = subprocess.run([str(BINARY), "--version"], capture_output=True, text=True, check=True).stdout
    assert program["version"] in said
    assert program["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(BINARY.read_bytes()).hexdigest()}]


def test_it_has_each_crate_of_the_lock_file_and_no_other(bill):
    crates, wanted = of_kind(bill, "cargo"), locked()
    assert crates.keys() == wanted.keys() and len(crates) > 50
    for key, crate in crates.items():
        assert crate["hashes"] == [{"alg": "SHA-256", "content": wanted[key]["checksum"]}], key
        assert crate["purl"] == crate["bom-ref"] == PackageURL("cargo", None, *key).to_string()


def test_crates_that_are_in_the_program_have_a_licence(bill):
    linked = [crate for crate in of_kind(bill, "cargo").values() if crate["scope"] == "required"]
    assert {"scylla", "rdkafka-sys", "tokio"} <= {crate["name"] for crate in linked}
    assert not {"cc", "num_enum", "pkg-config", "syn", "windows-sys"} & {crate["name"] for crate in linked}
    assert all(crate["licenses"] for crate in linked)


def test_c_libraries_inside_of_crates_are_listed_with_their_own_versions(bill):
    carried = {name: version for name, version in of_kind(bill, "github")}
    assert carried.keys() == {"librdkafka", "lz4", "cJSON"}
    crates = {name: version for name, version in locked()}
    assert crates["rdkafka-sys"].endswith("+" + carried["librdkafka"])
    assert carried["librdkafka"].encode() in BINARY.read_bytes()


def test_files_of_other_projects_are_listed_and_unchanged(bill):
    """uPlot, which draws the page's charts; its licence lies beside it."""
    (chart,) = of_kind(bill, "npm").values()
    assert (chart["name"], chart["licenses"]) == ("uplot", [{"expression": "MIT"}])
    web = ROOT / "src" / "serve" / "web"
    assert chart["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256((web / "uplot.js").read_bytes()).hexdigest()}]
    assert f"(v{chart['version']})".encode() in (web / "uplot.js").read_bytes()[:200]
    assert "MIT License" in (web / "uplot.LICENSE").read_text()


@pytest.mark.skipif(not (ROOT / "/var/lib/dpkg/status").exists(), reason="this is not Debian")
def test_the_debian_packages_are_those_whose_files_are_loaded(bill):
    packages = of_kind(bill, "deb")
    loaded = subprocess.run(["ldd", str(BINARY)], capture_output=True, text=True, check=True).stdout
    direct = re.findall(r"\(NEEDED\).*\[(.+)\]", subprocess.run(
        ["readelf", "-dW", str(BINARY)], capture_output=True, text=True, check=True).stdout)  # fmt: skip
    listed = {name for name, _ in packages}
    contents = {
        name: subprocess.run(["dpkg-query", "--listfiles", name], capture_output=True, text=True, check=True).stdout
        for name in listed
    }
    for library in direct:
        assert any(f"/{library}\n" in files for files in contents.values()) or library not in loaded, library
    for (name, version), package in packages.items():
        url = PackageURL.from_string(package["purl"])
        assert (url.namespace, url.name, url.version) == ("debian", name, version)
        installed = subprocess.run(
            ["dpkg-query", "--show", "--showformat=${Version}\n", name], capture_output=True, text=True, check=True
        ).stdout.split()
        assert version in installed, name
    assert {"libfmt-dev", "libpg-query-dev", "libcli11-dev"} <= listed


def test_everything_that_is_named_is_there(bill):
    refs = {component["bom-ref"] for component in bill["components"]} | {bill["metadata"]["component"]["bom-ref"]}
    assert len(refs) == len(bill["components"]) + 1
    for dependency in bill["dependencies"]:
        assert {dependency["ref"], *dependency["dependsOn"]} <= refs
    (own,) = [dependency for dependency in bill["dependencies"] if dependency["ref"] == "turntable"]
    assert any(ref.startswith("pkg:cargo/scylla@") for ref in own["dependsOn"])
    assert any(ref.startswith("pkg:deb/debian/libssl3@") for ref in own["dependsOn"])
    assert any(ref.startswith("pkg:deb/debian/libzstd1@") for ref in own["dependsOn"])


def test_the_same_build_gives_the_same_document(bill, tmp_path):
    """Made a second time, from what the build itself calls; and it has no time of its own."""
    rules = (BINARY.parent / "build.ninja").read_text()
    (command,) = set(re.findall(r"COMMAND = .*?(\S*python\S* \S+/tools/sbom\.py .*?)$", rules, re.MULTILINE))
    again = tmp_path / "again.json"
    words = [word for word in command.split(" ") if word]
    words[0] = sys.executable
    words[words.index("--output") + 1] = str(again)
    subprocess.run(words, cwd=BINARY.parent, check=True)
    assert again.read_bytes() == BILL.read_bytes()
    assert "timestamp" not in bill["metadata"]
