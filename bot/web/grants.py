"""What a link allows: a picture, to one person, in the place where they asked for it."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Self

import discord

from bot.interactions.begin_request import origin_of
from bot.interactions.requester import requester_of
from bot.policy.requester import Requester
from bot.web.links import LIFE, BadLink, Link, Signer
from storage.drafts import Drafts
from storage.records import Answer, Generation, NsfwPolicy, Origin

_KIND = "paint"
"""The field that marks a draft as a grant."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A picture of a request, and where and for whom a part of it may be drawn anew."""

    generation_id: int
    picture: int
    requester: Requester
    """As they were when they asked for the link."""
    origin: Origin
    """Of the request that is made: a message that follows the one with the link. Its key lets that be made once."""

    def to_document(self) -> dict[str, Any]:
        """The grant as JSON can hold it; the token, which nobody is shown, lies beside the rest."""
        origin, expires = asdict(self.origin), self.origin.token_expires
        origin["token_expires"] = expires and expires.isoformat()
        token = origin.pop("token")
        paint = {
            "generation_id": self.generation_id,
            "picture": self.picture,
            "requester": asdict(self.requester),
            "origin": origin,
        }
        return {_KIND: paint, "token": token}

    @classmethod
    def of_document(cls, document: dict[str, Any]) -> Self:
        """The grant that `to_document` wrote down."""
        paint = document[_KIND]
        expires = paint["origin"]["token_expires"]
        origin = paint["origin"] | {
            "token": document["token"],
            "token_expires": expires and datetime.fromisoformat(expires),
            "guard": NsfwPolicy(paint["origin"]["guard"]),
            "answer": Answer(paint["origin"]["answer"]),
        }
        requester = Requester.of_document(paint["requester"])
        return cls(paint["generation_id"], paint["picture"], requester, Origin(**origin))


class Grants:
    """Gives links, and finds what they allow. They are kept as drafts, so that they outlive a restart."""

    def __init__(self, *, drafts: Drafts, signer: Signer, public_url: str, now: Callable[[], datetime]) -> None:
        self._drafts = drafts
        self._signer = signer
        self._public_url = public_url.rstrip("/")
        self._now = now

    async def offer(self, interaction: discord.Interaction, generation: Generation, picture: int) -> str:
        """The address of a page for a picture and the person of an interaction."""
        private, spoiler = generation.origin.private, generation.origin.spoiler
        origin = origin_of(interaction, f"paint:{interaction.id}", private, spoiler)
        origin = replace(origin, answer=Answer.FOLLOW_UP)
        grant = Grant(generation.id, picture, requester_of(interaction), origin)
        draft = await self._drafts.add(origin.user_id, grant.to_document())
        expires = int((self._now() + LIFE).timestamp())
        link = Link(draft, origin.user_id, generation.id, picture, expires)
        return f"{self._public_url}/paint/{self._signer.written(link)}"

    async def find(self, text: str) -> Grant:
        """What the link in an address allows. Raises `BadLink`."""
        link = self._signer.read(text, self._now().timestamp())
        document = await self._drafts.get(link.draft, link.user_id, _KIND)
        grant = Grant.of_document(document) if document else None
        if grant is None or (grant.generation_id, grant.picture) != (link.generation_id, link.picture):
            raise BadLink("This link no longer works. Press “Vary region” under the picture again.")
        return grant
