from pathlib import Path

import pytest

from bot.web.links import KEY, BadLink, Link, Signer

LINK = Link(draft=7, user_id=1180000000000000021, generation_id=12, picture=3, expires=1_000)


def test_a_link_is_read_as_it_was_written_until_it_expires() -> None:
    signer = Signer(b"key")
    text = signer.written(LINK)
    assert len(text) < 120
    assert signer.read(text, 999.9) == LINK
    with pytest.raises(BadLink, match="has expired"):
        signer.read(text, 1_000.0)


def test_no_character_of_a_link_can_be_changed() -> None:
    signer = Signer(b"key")
    text = signer.written(LINK)
    for index, old in enumerate(text):
        for new in {"A", "B", "_", "="} - {old}:
            with pytest.raises(BadLink, match="isn't complete"):
                signer.read(text[:index] + new + text[index + 1 :], 0)


@pytest.mark.parametrize("text", ["", "A", "A" * 87, "A" * 10_000, "ñ" * 87, "=", "....", "\n" * 87])
def test_what_is_no_link(text: str) -> None:
    with pytest.raises(BadLink, match="isn't complete"):
        Signer(b"key").read(text, 0)


def test_a_link_of_another_bot_says_nothing_here(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    one, other = Signer.of_folder(tmp_path / "one"), Signer.of_folder(tmp_path / "other")
    with pytest.raises(BadLink, match="isn't complete"):
        other.read(one.written(LINK), 0)
    assert Signer.of_folder(tmp_path / "one").read(one.written(LINK), 0) == LINK
    assert (tmp_path / "one" / KEY).stat().st_mode & 0o777 == 0o600
