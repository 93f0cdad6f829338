"""The data folder that a command of the host looks at."""

from pathlib import Path

from storage import database
from storage.images import PICTURES


def in_use(data: Path) -> Path:
    """The bot's data folder; where only `noisefox try` has been started, the one of that, which is printed."""
    local = data / "try"
    unused = not (data / database.FILE).exists() and not (data / PICTURES).exists()
    if unused and (local / database.FILE).exists():
        print(f"{local}: the data folder of `noisefox try`")
        return local
    return data
