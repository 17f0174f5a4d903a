"""Fetch the vendored browser files again from npm, by package name: python scripts/vendor.py [--check | --accept].

`platform/config/static/vendor/versions.json` names each package with its exact version, and each file with the place where it is
stored and its SHA-256. Without an option the files are fetched and refused when a hash differs; --check compares what is committed
without any network; --accept writes the hashes of what was fetched (after a version was changed by hand and the new files were read).
Needs npm, and the registry that npm is set up with.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

VENDOR = Path(__file__).resolve().parents[1] / "platform" / "config" / "static" / "vendor"
LIST = VENDOR / "versions.json"


def sha256(content: bytes) -> str:
    """Hexadecimal SHA-256."""
    return hashlib.sha256(content).hexdigest()


def fetch(package: str, version: str) -> dict[str, bytes]:
    """Every file of a package, by its path inside the package."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["npm", "pack", "--silent", f"{package}@{version}"], cwd=folder, check=True, stdout=subprocess.DEVNULL
        )
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(archive) as tar:
            readable = ((m.name.partition("/")[2], tar.extractfile(m)) for m in tar.getmembers() if m.isfile())
            return {name: stream.read() for name, stream in readable if stream is not None}


def differences(packages: dict[str, Any]) -> list[str]:
    """What is missing, changed, or there without being listed; empty when the folder is as versions.json says."""
    listed = {entry["to"]: entry["sha256"] for package in packages.values() for entry in package["files"].values()}
    stored = {str(path.relative_to(VENDOR)) for path in VENDOR.rglob("*") if path.is_file() and path != LIST}
    found = [f"{name}: not listed in versions.json" for name in sorted(stored - listed.keys())]
    for name, digest in sorted(listed.items()):
        path = VENDOR / name
        if not path.is_file():
            found.append(f"{name}: missing")
        elif sha256(path.read_bytes()) != digest:
            found.append(f"{name}: differs from versions.json")
    return found


def store(packages: dict[str, Any], *, accept: bool) -> list[str]:
    """Write the listed files of all packages; one whose hash differs is named and, without `accept`, not written."""
    refused = []
    for name, package in packages.items():
        content = fetch(name, package["version"])
        for source, entry in package["files"].items():
            digest = sha256(content[source])
            if accept:
                entry["sha256"] = digest
            elif digest != entry["sha256"]:
                refused.append(f"{name}@{package['version']} {source}: SHA-256 is {digest}, expected {entry['sha256']}")
                continue
            target = VENDOR / entry["to"]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content[source])
    return refused


def main(arguments: list[str]) -> int:
    """0 when everything is as listed, else 1 and a line for each difference."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--check", action="store_true", help="compare the committed files only")
    choice.add_argument("--accept", action="store_true", help="write the hashes of the fetched files")
    options = parser.parse_args(arguments)
    packages = json.loads(LIST.read_text(encoding="utf-8"))
    problems = [] if options.check else store(packages, accept=options.accept)
    if options.accept:
        LIST.write_text(json.dumps(packages, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    problems += differences(packages)
    print("\n".join(problems) or "vendored files: as listed")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
