import logging
import subprocess
import sys

import pytest

from bot.redaction import RedactingFormatter, redacted

TOKEN = "aW50ZXJhY3Rpb246MTIzNDU2Nzg5MDpzZWNyZXQ"
KEY = "hf_" + "abcDEFghiJKLmnoPQRstuVWXyz01234567"
BOT = "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA.GabcDE.abcdefghijklmnopqrstuvwxyz0123456789AB"


@pytest.mark.parametrize(
    "text",
    [
        f"https://discord.com/api/v10/webhooks/1/{TOKEN}/messages/@original?wait=true",
        "URL('http://127.0.0.1/api/v10/webhooks/12/some-secret_token/messages/3')",
        "POST /interactions/5/some-secret_token/callback failed",
        f"token {TOKEN} expired",
        f"lane token_{TOKEN}",
        f"'Authorization': 'Bot {BOT}'",
        f"login with {BOT} failed",
        f"https://example.org/?token%3D{BOT}",
        f"?token={BOT.replace('.', '%2E')}&x=1",
        f"Authorization: Bot%20{BOT.replace('.', '%2e')}",
        f"401 for url https://huggingface.co/x with {KEY}",
        f"token%3D{KEY}",
        "Cannot connect to proxy http://me:pass-word1@proxy.example:3128/",
        "ProxyError('https://:pass-word1@10.0.0.1')",
    ],
)
def test_no_token_is_left_in_a_text(text: str) -> None:
    left = redacted(text)
    assert "[token]" in left
    assert not any(secret in left for secret in (TOKEN, BOT, BOT[-20:], KEY, "some-secret_token", "pass-word1"))


def test_no_token_is_left_in_a_traceback() -> None:
    try:
        raise ConnectionResetError(f"Can not write request body for https://discord.com/webhooks/1/{TOKEN}/messages/2")
    except ConnectionResetError:
        record = logging.LogRecord("bot", logging.ERROR, "", 0, "edit %s failed", (BOT,), sys.exc_info())
    written = RedactingFormatter().format(record)
    assert "Can not write request body" in written
    assert TOKEN not in written
    assert BOT not in written


@pytest.mark.parametrize("where", ["program", "thread", "loop"])
def test_no_token_is_left_in_what_nobody_catches(where: str) -> None:
    raising = {
        "program": "fail()",
        "thread": "import threading; threading.Thread(target=fail).start()",
        "loop": "import asyncio; loop = asyncio.new_event_loop(); loop.call_soon(fail); loop.call_soon(loop.stop); "
        "loop.run_forever()",
    }[where]
    program = f"""
from bot.redaction import redact_uncaught
redact_uncaught()
def fail():
    raise RuntimeError("a session with {BOT}")
{raising}
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "RuntimeError: a session with [token]" in ended.stderr
    assert BOT not in ended.stderr


@pytest.mark.parametrize(
    "text",
    [
        "https://discord.com:443/api",
        "mailto:a@b.example",
        "12:30 user@host",
        "hf_hub_download",
        "http://[::1]:8042/x@y",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redacted(text) == text
