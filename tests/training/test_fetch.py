"""Nothing is unpacked that is not what the recipe was written for."""

import base64
import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from training.fetch import PACKAGES, SAMPLE, ChecksumMismatch, unpack, verify


def test_another_tarball_is_refused(tmp_path: Path) -> None:
    tarball = tmp_path / "art.tgz"
    tarball.write_bytes(b"art")
    right = "sha512-" + base64.b64encode(hashlib.sha512(b"art").digest()).decode()
    verify(tarball, right)
    tarball.write_bytes(b"something else")
    with pytest.raises(ChecksumMismatch, match=r"art\.tgz"):
        verify(tarball, right)


def test_only_what_is_needed_is_unpacked(tmp_path: Path) -> None:
    tarball = tmp_path / "art.tgz"
    with tarfile.open(tarball, "w:gz") as archive:
        for name in ("package/assets/a.webp", "package/evil.js"):
            member = tarfile.TarInfo(name)
            member.size = 3
            archive.addfile(member, io.BytesIO(b"abc"))
    assert unpack(tarball, tmp_path / "out", ("assets/",)) == 1
    assert [path.name for path in (tmp_path / "out").rglob("*.*")] == ["a.webp"]


def test_every_package_is_pinned_and_named_in_the_notice() -> None:
    notice = (SAMPLE / "NOTICE.md").read_text()
    for package in PACKAGES:
        assert package.integrity.startswith("sha512-")
        assert package.version.count(".") == 2
        assert f"`{package.key}/`" in notice
