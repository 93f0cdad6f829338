"""The hash of a model's weights, by which pictures' metadata name it."""

import hashlib
from functools import lru_cache
from pathlib import Path

_CHUNK = 2**22


def hash_of(weights: Path, source: str) -> str:
    """The first ten hexadecimal digits of a SHA-256: of a checkpoint, or of a folder's UNet or transformer; where there
    is neither, of the name `source`."""
    files = [weights] if weights.is_file() else []
    for part in ("unet", "transformer"):
        files = files or sorted((weights / part).glob("*.safetensors"))
    if not files:
        return hashlib.sha256(source.encode()).hexdigest()[:10]
    return _hash_of_files(tuple((file, file.stat().st_size, file.stat().st_mtime_ns) for file in files))


@lru_cache
def _hash_of_files(files: tuple[tuple[Path, int, int], ...]) -> str:
    """Hash files, which takes seconds for a large model; kept while sizes and modification times stay the same."""
    digest = hashlib.sha256()
    for file, *_ in files:
        with file.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    return digest.hexdigest()[:10]
