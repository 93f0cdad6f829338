"""Repositories that the doctor looks up on the hub."""

import pytest

from bot.cli.doctor.hub import looked_up
from tests.bot.cli.doctor.conftest import MEMBER


@pytest.mark.parametrize(
    ("repository", "token", "state", "sentence"),
    [
        ("someone/model", "", True, "someone/model, will be downloaded from the hub at first use"),
        ("someone/words", "", False, "someone/words on the hub has no model_index.json"),
        (
            "someone/nothing",
            "",
            False,
            "nor a repository on the hub that can be seen without HF_TOKEN. Check",
        ),
        ("someone/nothing", MEMBER, False, "nor a repository on the hub that the token's account may see."),
        ("models/x/y", "", False, "nor a repository on the hub: hub ids are written owner/name"),
        (
            "someone/gated",
            "",
            False,
            "/someone/gated asks for consent. Log in there, accept the terms, and set HF",
        ),
        ("someone/gated", "hf_other", False, "asks for consent, which the token's account has not given."),
        ("someone/gated", MEMBER, True, "will be downloaded"),
        ("someone/model", "hf_revoked", False, "the hub refuses the token. Make a new one and set HF_TOKEN to it"),
        ("ill/model", "", None, "ill/model, not checked: the hub answers with status 503"),
    ],
)
@pytest.mark.usefixtures("hub")
def test_what_the_hub_says(
    repository: str, token: str, state: bool | None, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if token:
        monkeypatch.setenv("HF_TOKEN", token)
    found, said = looked_up(repository, ["model_index.json"])
    assert (found, sentence in said) == (state, True), said
    assert "hf_" not in said


def test_a_hub_that_cannot_be_reached_is_not_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    state, sentence = looked_up("someone/model")
    assert state is None
    assert sentence == "someone/model, not checked: http://127.0.0.1:9 can't be reached"


def test_no_hub_is_asked_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert looked_up("someone/model") == (None, "someone/model, not checked: HF_HUB_OFFLINE is set")


def test_a_token_with_a_letter_that_no_token_has_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_“quoted”")
    state, sentence = looked_up("owner/model")
    assert state is False
    assert sentence == "owner/model, not checked: HF_TOKEN has a character that no token has. Copy it again"
