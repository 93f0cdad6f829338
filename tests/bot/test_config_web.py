from pathlib import Path

import pytest

from bot.config import ConfigError, WebConfig, load


@pytest.mark.parametrize(
    "url",
    ["https://example.org", "https://example.org:8443/bot", "http://localhost:8080", "http://127.0.0.1:0", ""],
)
def test_where_the_page_may_be(tmp_path: Path, url: str) -> None:
    (tmp_path / "config.toml").write_text(f'[web]\naddress = "[::1]:9000"\npublic_url = "{url}"')
    web = load(tmp_path / "config.toml").web
    assert web == WebConfig("[::1]:9000", url)
    assert (web.host, web.port) == ("::1", 9000)


@pytest.mark.parametrize(
    "url", ["http://example.org", "example.org", "https://", "https://example.org/?a=b", "ftp://localhost", "http://["]
)
def test_a_page_needs_https(tmp_path: Path, url: str) -> None:
    (tmp_path / "config.toml").write_text(f'[web]\npublic_url = "{url}"')
    with pytest.raises(ConfigError, match=r"web\.public_url: Use an address that begins with https://"):
        load(tmp_path / "config.toml")


@pytest.mark.parametrize(
    "address", ["", "8080", "localhost", "a:b", "127.0.0.1:99999", "http://127.0.0.1:80", "me@a:1"]
)
def test_what_is_no_address_to_listen_on(tmp_path: Path, address: str) -> None:
    (tmp_path / "config.toml").write_text(f'[web]\naddress = "{address}"')
    with pytest.raises(ConfigError, match=r"web\.address: Use an address and a port"):
        load(tmp_path / "config.toml")
