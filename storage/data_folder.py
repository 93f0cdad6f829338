"""The data folder: owned by one process at a time, and readable by its user alone."""

import json
import logging
import os
import platform
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from generation.errors import NoisefoxError
from storage.folder_lock import FolderTaken, locked

log = logging.getLogger(__name__)

LOCK = "noisefox.lock"
"""The file whose lock means ownership. It stays when its owner ends; the lock does not, however the owner ended."""

OWNER = "owner.json"
"""The file that says who holds the lock."""

PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600
_KEPT = (
    "noisefox.db",
    "noisefox.db-wal",
    "noisefox.db-shm",
    "numbers.json",
    "measured.json",
    "pictures",
    "backups",
    "orphans",
    "web.key",
)
"""The names of what the bot keeps in the folder."""

_MARKS = {LOCK, "noisefox.db"}
"""Names that make a folder the bot's. Others of `_KEPT`, such as `pictures`, are in many people's folders."""

_TOLERATED = {"try", "lost+found", "config.toml", "measured.json", "numbers.json"}
"""The names of what may lie in a folder that becomes the bot's."""


class UnusableFolder(NoisefoxError):
    """The data folder cannot be used; the message names it and says what to do."""


@contextmanager
def owned(folder: Path, command: str) -> Iterator[None]:
    """Own a data folder until the context ends, or the process does. It is created if it is missing.

    Files that this process and its workers create meanwhile can only be read by this user.

    command: what this process was started as, for the message to a second one.
    Raises `UnusableFolder` where another process owns it, where it cannot be written, or where it is not the bot's.
    """
    refuse_foreign(folder)
    locks = ExitStack()
    try:
        make_private_folder(folder)
        os.close(open_private(folder / LOCK, os.O_CREAT | os.O_RDWR))
        locks.enter_context(_locked(folder))
    except (Timeout, FolderTaken):
        raise UnusableFolder(
            f"The data folder {folder} is in use by {_owner(folder)}: stop that one first, or set `data` in the "
            "configuration to another folder."
        ) from None
    except OSError as reason:
        raise unwritable(folder, reason) from reason
    mask = os.umask(0o777 - PRIVATE_FOLDER)
    try:
        _note_owner(folder, command)
        _make_private(folder)
        yield
    finally:
        with suppress(OSError):
            (folder / OWNER).unlink(missing_ok=True)
        locks.close()
        os.umask(mask)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a data folder: that of its file, and that of the folder itself, for the file may be deleted.

    Raises `Timeout` or `FolderTaken` where another process has one of them, and `OSError`.
    """
    with locked(folder), FileLock(folder / LOCK, mode=PRIVATE_FILE, blocking=False, thread_local=False):
        yield


def owner(folder: Path) -> str | None:
    """Who owns a data folder now, in words; None where nobody does."""
    try:
        with _locked(folder) if (folder / LOCK).exists() else locked(folder):
            return None
    except (Timeout, FolderTaken):
        return _owner(folder)
    except OSError:
        return None


def refuse_foreign(folder: Path) -> None:
    """Raise `UnusableFolder` for a folder that has files, none of which is the bot's: they would be closed to others,
    and the bot's own would lie among them. Folders of it that the bot owned may be there, such as the chat's."""
    try:
        if not folder.is_dir():
            return
        names = {each.name for each in folder.iterdir()}
        foreign = {name for name in names - _TOLERATED if not _was_owned(folder / name)}
    except OSError as reason:
        raise unwritable(folder, reason) from reason
    if not names & _MARKS and foreign:
        raise UnusableFolder(
            f"The data folder {folder} has files of others, such as {min(foreign)}, and would be closed to them: set "
            "`data` in the configuration to a folder of its own, which need not exist yet."
        )


def _was_owned(folder: Path) -> bool:
    try:
        return (folder / LOCK).is_file()
    except PermissionError:
        return False


def unwritable(folder: Path, reason: OSError) -> UnusableFolder:
    """The error for a data folder that the operating system refuses."""
    if isinstance(reason, FileExistsError | NotADirectoryError):
        return UnusableFolder(
            f"The data folder {folder} is a file, or in one: move that file away, or set `data` in the configuration "
            "to another folder."
        )
    return UnusableFolder(
        f"The data folder {folder} cannot be written ({reason.strerror}): let this user write there, or set `data` in "
        "the configuration to another folder."
    )


def make_private_folder(folder: Path) -> None:
    """Create a folder that only this user can open, with the folders above it. An existing one is left as it is."""
    if folder.is_dir():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)


def open_private(path: str | Path, flags: int) -> int:
    """Open a file as `open` does; a new one can only be read by this user."""
    return os.open(path, flags, PRIVATE_FILE)


def _owner(folder: Path) -> str:
    try:
        note = json.loads((folder / OWNER).read_text())
        return f"`{note['command']}`, process {note['pid']} on {note['host']}, since {note['since']}"
    except (OSError, ValueError, LookupError, TypeError):
        return "another process"


def _note_owner(folder: Path, command: str) -> None:
    since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    note = {"pid": os.getpid(), "since": since, "command": command, "host": platform.node()}
    try:
        with open(folder / OWNER, "w", opener=open_private) as file:
            json.dump(note, file)
    except OSError as reason:
        raise unwritable(folder, reason) from reason


def _make_private(folder: Path) -> None:
    """Take from others what a folder of an earlier version, or a copy of one, let them read. Only in a folder that they
    could open are all pictures gone through."""
    open_to_others = folder.stat().st_mode & 0o777 != PRIVATE_FOLDER
    try:
        for name in _KEPT:
            _restrict(folder / name, whole=open_to_others)
        folder.chmod(PRIVATE_FOLDER)
    except PermissionError:
        log.warning("cannot make the data folder %s private: it belongs to another user", folder)


def _restrict(path: Path, *, whole: bool) -> None:
    if path.is_dir():
        for each in path.iterdir() if whole else ():
            _restrict(each, whole=whole)
        path.chmod(PRIVATE_FOLDER)
    elif path.exists():
        path.chmod(PRIVATE_FILE)
