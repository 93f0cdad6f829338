"""Fetch the art and its names: pinned npm packages, checked against the checksums written here.

The packages come through the ordinary npm client, so whatever registry or mirror that client is set up for is used.
Only the files the recipe reads are unpacked. Notices of every licence stand in ``training/sample/NOTICE.md``.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

SAMPLE = Path(__file__).with_name("sample")


@dataclass(frozen=True)
class Package:
    """One npm package: where it comes from, what is kept of it, and the checksum its tarball must have."""

    key: str
    name: str
    version: str
    licence: str
    integrity: str
    keep: tuple[str, ...]


PACKAGES = (
    Package(
        "fluent-3d",
        "@lobehub/fluent-emoji-3d",
        "1.1.0",
        "MIT",
        "sha512-Wlq2lVStTnr8BDpIJ0pEnTKO4LuDxxqTEhTvRtD1DLRF0me7ogeRQjKoehDHXuVJ2Qaecgl5wRBv60lUAG3h7g==",
        ("assets/",),
    ),
    Package(
        "fluent-flat",
        "@iconify-json/fluent-emoji-flat",
        "1.2.6",
        "MIT",
        "sha512-RY47RgPb47fYUiyrA64sIOL0+UU02s29sXpNBbIQRBUlPlfNFTKUmZDERGuxDs/7yNGWqQYvuaSYM1M4fRXlUw==",
        ("icons.json", "chars.json"),
    ),
    Package(
        "noto",
        "@iconify-json/noto",
        "1.2.9",
        "Apache-2.0",
        "sha512-DQiuXENbun41ch+XPSV55H9FaWKpHTyz46YIKtSaKYD4fIDDzL1tR6H4np/T38jfrTAeI3rcKF0mqHYeZVAuaw==",
        ("icons.json", "chars.json"),
    ),
    Package(
        "names",
        "emojibase-data",
        "17.0.0",
        "MIT",
        "sha512-Yvgb5AWoHViHV/gq1qr5ZAarcBip+B27/ZLRsUJkbgAEaLlZ/fof9g882LTpmEpyhBNEC0m2SEmItljHsTygjA==",
        ("en/data.json", "en/messages.json", "LICENSE"),
    ),
    Package(
        "keywords",
        "emojilib",
        "4.0.3",
        "MIT",
        "sha512-KbWiYre9aRSaPbHrHZIz9zmoM+21LAsK1VFJtnTh1VCtWE/rNMDviGhQTmselFl95dhqtGlY22iH0leG5BuW0g==",
        ("dist/emoji-en-US.json", "LICENSE"),
    ),
)


class ChecksumMismatch(RuntimeError):
    """A tarball is not the one this recipe was written for."""


def verify(tarball: Path, integrity: str) -> None:
    """Raise ``ChecksumMismatch`` unless the file has the given subresource-integrity value (``sha512-<base64>``)."""
    algorithm, expected = integrity.split("-", 1)
    found = base64.b64encode(hashlib.new(algorithm, tarball.read_bytes()).digest()).decode()
    if found != expected:
        raise ChecksumMismatch(f"{tarball.name}: {algorithm} is {found}, not {expected}")


def unpack(tarball: Path, target: Path, keep: tuple[str, ...]) -> int:
    """Unpack the members whose path below ``package/`` starts with one of ``keep``; return how many there were."""
    count = 0
    with tarfile.open(tarball) as archive:
        for member in archive:
            inner = member.name.partition("/")[2]
            if member.isfile() and inner.startswith(keep):
                member.name = inner
                archive.extract(member, target, filter="data")
                count += 1
    return count


def fetch_package(package: Package, folder: Path) -> None:
    """Fetch, verify and unpack one package into ``folder/<key>``; one already there is left alone."""
    target = folder / package.key
    if target.exists():
        return
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        command = ["npm", "pack", "--json", "--ignore-scripts", "--pack-destination", scratch]
        reply = subprocess.run(
            [*command, f"{package.name}@{package.version}"], check=True, capture_output=True, text=True
        )
        report = json.loads(reply.stdout)
        tarball = Path(scratch) / str(report[0]["filename"])
        if not tarball.exists():
            tarball = next(Path(scratch).glob("*.tgz"))
        verify(tarball, package.integrity)
        unpacked = Path(scratch) / "unpacked"
        files = unpack(tarball, unpacked, package.keep)
        unpacked.rename(target)
    tqdm.write(f"{package.name} {package.version}: checksum right, {files} files")


def fetch(work: Path, sample: bool = False) -> Path:
    """Bring every package into ``work/packages`` and return that folder.

    With ``sample`` the dozen pictures kept in the project stand in for the packages and nothing is downloaded.
    """
    folder = work / "packages"
    if sample:
        shutil.copytree(SAMPLE, folder, dirs_exist_ok=True)
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    for package in PACKAGES:
        fetch_package(package, folder)
    return folder


def main() -> None:
    """``python -m training.fetch --work DIR [--sample]``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path(".pocket"))
    parser.add_argument("--sample", action="store_true", help="use the pictures kept in the project")
    arguments = parser.parse_args()
    fetch(arguments.work, arguments.sample)


if __name__ == "__main__":
    main()
