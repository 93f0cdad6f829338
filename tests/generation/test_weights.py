"""Files of weights that are damaged, or something else than their names say."""

import io
import json
import struct
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from generation import weights


def archive(name: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        file.writestr(name, "x" * 100)
    return held.getvalue()


def safetensors(tmp_path: Path) -> bytes:
    save_file({"a": torch.zeros(64, 64)}, file := tmp_path / "sound.safetensors")
    return file.read_bytes()


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


@pytest.mark.parametrize("suffix", [".safetensors", ".gguf"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty. Download it again."),
        (POINTER, "is a Git LFS pointer, not the file itself. Run `git lfs pull`"),
        (b"\n<!DOCTYPE html><html><body>Sign in</body></html>", "is a web page: the download was refused, or needs a"),
        (b'{"error":"Invalid credentials"}', "is an error message of the site it came from."),
        (b"Access to model x/y is restricted.", "is an error message of the site it came from."),
        (archive("archive/data.pkl"), "is a pickle under another name: loading it can run any code."),
        (b"\x80\x02}q\x00(X\x05\x00\x00\x00hello", "is a pickle under another name"),
        (archive("model.safetensors"), "is a zip archive. Unpack it, and name the file inside."),
        (b"no such file at all", "file, or it is damaged. Download it again."),
        (b"short", "file, or it is damaged. Download it again."),
    ],
    ids=["empty", "pointer", "page", "error", "refusal", "zipped pickle", "pickle", "zip", "unknown", "short"],
)
def test_a_mistaken_file_is_named_in_a_sentence(tmp_path: Path, suffix: str, content: bytes, said: str) -> None:
    (file := tmp_path / f"anime{suffix}").write_bytes(content)
    fault = weights.fault_of(file)
    assert fault.startswith("anime" + suffix + " ")
    assert said in fault
    with pytest.raises(ValueError, match=r"anime\."):
        weights.head_of(file)


def test_a_renamed_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.gguf").write_bytes(safetensors(tmp_path))
    (tmp_path / "a.safetensors").write_bytes(b"GGUF\x03\x00\x00\x00" + bytes(100))
    assert weights.fault_of(tmp_path / "a.gguf") == "a.gguf is a .safetensors file. Rename it to end in .safetensors."
    assert weights.fault_of(tmp_path / "a.safetensors") == "a.safetensors is a GGUF file. Rename it to end in .gguf."


def test_a_file_cut_short_says_how_much_is_there(tmp_path: Path) -> None:
    whole = safetensors(tmp_path)
    (file := tmp_path / "cut.safetensors").write_bytes(whole[:-1])
    assert weights.fault_of(file) == (
        f"cut.safetensors is cut short: {len(whole) - 1:,} of {len(whole):,} bytes are there. Download it again."
    )
    file.write_bytes(whole)
    assert not weights.fault_of(file)
    file.write_bytes(whole[:20])
    assert "is not a .safetensors file, or it is damaged" in weights.fault_of(file)


def test_what_is_missing_or_no_file(tmp_path: Path) -> None:
    assert weights.fault_of(tmp_path / "gone.safetensors") == "gone.safetensors does not exist."
    (folder := tmp_path / "folder.safetensors").mkdir()
    assert weights.fault_of(folder) == "folder.safetensors cannot be read: Is a directory."


@pytest.mark.parametrize("head", [b"[]", b'{"a": 1}', b'{"a": {"dtype": "F32"}}', b"{broken"])
def test_a_head_that_makes_no_sense(tmp_path: Path, head: bytes) -> None:
    (file := tmp_path / "odd.safetensors").write_bytes(struct.pack("<Q", len(head)) + head)
    assert "is not a .safetensors file, or it is damaged" in weights.fault_of(file)


def test_a_head_whose_length_looks_like_a_pickle_is_read(tmp_path: Path) -> None:
    """640 begins with the bytes of a pickle."""
    head = json.dumps({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode().ljust(0x0280)
    (file := tmp_path / "sound.safetensors").write_bytes(struct.pack("<Q", len(head)) + head + bytes(4))
    assert weights.head_of(file)["a"] == weights.Weight("F32", (1,), 4)
