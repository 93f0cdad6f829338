"""The version of this program."""

from importlib.metadata import PackageNotFoundError, version


def noisefox_version() -> str:
    """The version as it was installed, such as "0.1.0"."""
    try:
        return version("noisefox")
    except PackageNotFoundError:
        return "unknown"
