"""The data folder that a command of the host looks at."""

from pathlib import Path

from storage import database
from storage.data_folder import UnusableFolder
from storage.images import PICTURES


def in_use(data: Path) -> Path:
    """The bot's data folder; where only `noisefox try` has been started, the one of that, which is printed.

    Raises `UnusableFolder` where this user may not look into it.
    """
    local = data / "try"
    try:
        unused = not (data / database.FILE).exists() and not (data / PICTURES).exists()
        is_local = unused and (local / database.FILE).exists()
    except OSError as reason:
        raise UnusableFolder(
            f"The data folder {data} cannot be read ({reason.strerror}): run this as the user that the bot runs as."
        ) from reason
    if is_local:
        print(f"{local}: the data folder of `noisefox try`")
        return local
    return data
