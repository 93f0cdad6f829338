"""The environment of processes that the bot starts: without the secrets that they have no use for."""

import os
import re
from collections.abc import Mapping, MutableMapping

_OF_THE_BOT = re.compile(r"(.*_)?(DISCORD|NOISEFOX|BOT)_(.*_)?(TOKEN|SECRET|KEY|PASSWORD)S?|TOKEN", re.IGNORECASE)
"""Names of variables with secrets of the bot. Those of the Hugging Face hub and of proxies are a worker's."""

_SECRET = re.compile(r".*(TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|API_?KEY).*|.*_PROXY", re.IGNORECASE)
"""Names of variables with any secrets; the address of a proxy may hold a password."""


def for_worker(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment without secrets of the bot."""
    return {name: value for name, value in environment.items() if not _OF_THE_BOT.fullmatch(name)}


def forget_secrets_of_the_bot(environment: MutableMapping[str, str] = os.environ) -> None:
    """Take the bot's secrets out of this process's environment, which all that it starts inherits."""
    for name in filter(_OF_THE_BOT.fullmatch, list(environment)):
        del environment[name]


def forget_secrets(environment: MutableMapping[str, str] = os.environ) -> None:
    """Take all secrets out of this process's environment."""
    for name in filter(_SECRET.fullmatch, list(environment)):
        del environment[name]
