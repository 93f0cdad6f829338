"""How many looks may be saved."""

from dataclasses import replace

import pytest

from bot.config import HOST_LIMITS
from bot.errors import Refusal
from bot.policy.request_context import RequestContext
from bot.policy.requester import Requester
from bot.requests.look_rules import check_room
from generation.catalogue import POCKET, Catalogue
from storage.look_records import Audience, Look
from storage.records import Defaults, PersonalSettings
from storage.rulebook import Rulebook

OWN, SHARED = Look(1, "hen", Audience(1), lora="ink"), Look(2, "owl", Audience(1, 5), lora="ink")


@pytest.mark.parametrize(
    ("look", "looks", "server_looks", "sentence"),
    [
        (OWN, 0, 9, "This bot saves no looks."),
        (OWN, 2, 9, "You already have 2 looks, the maximum. Delete one first."),
        (SHARED, 9, 0, "This bot saves no looks for servers. Save it for yourself."),
        (SHARED, 9, 1, "This server already has 1 look, the maximum. Delete it first."),
        (replace(SHARED, lora=""), 9, 9, "A look needs a picture or a LoRA."),
    ],
)
def test_a_new_look_needs_room_and_an_old_one_none(look: Look, looks: int, server_looks: int, sentence: str) -> None:
    limits = replace(HOST_LIMITS, looks=looks, server_looks=server_looks)
    catalogue = Catalogue((POCKET,))
    context = RequestContext(Requester(1, 5), Rulebook(), Defaults(), PersonalSettings(), catalogue, limits)
    with pytest.raises(Refusal, match=sentence):
        check_room(context, replace(look, id=0, name="new"), [OWN, SHARED], [SHARED])
    assert check_room(context, replace(look, id=0, name="hen"), [replace(OWN, audience=look.audience)], [])
