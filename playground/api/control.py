"""Control of the playground by a program: orders faults, and reads what happened to interactions and messages."""

import asyncio
from collections.abc import Callable

from aiohttp import web

from playground.api.faults import Fault, Faults
from playground.api.gateway import Gateway
from playground.api.http import json_response
from playground.errors import Json
from playground.state.interactions import Interaction, Interactions, Response
from playground.state.message import Message
from playground.state.messages import Messages
from playground.state.world import BOT_ID, World


class Journal:
    """Every message and every interaction with an outcome, each by the number of its last change.

    An interaction has the type of its response, 0 where none came in time, and the seconds that it took. A message has
    `dm_of` too: the id of the person whose direct messages it is in, None elsewhere.
    """

    def __init__(
        self, world: World, messages: Messages, interactions: Interactions, clock: Callable[[], float]
    ) -> None:
        self._clock = clock
        self._world = world
        self._messages = messages
        self._number = 0
        self._changed: dict[tuple[str, int], tuple[int, Callable[[], Json]]] = {}
        messages.on_change.append(lambda message, is_new: self._note_message(message))
        messages.on_delete.append(self._note_deletion)
        messages.on_reaction.append(lambda message, user_id, emoji, added: self._note_message(message))
        interactions.on_response.append(self._note_response)
        interactions.on_failure.append(self._note_failure)

    def after(self, number: int) -> Json:
        """Return what changed after a number, and the number of the last change."""
        changes: dict[str, list[Json]] = {"interactions": [], "messages": []}
        for (kind, _), (changed, write) in reversed(self._changed.items()):
            if changed <= number:
                break
            changes[kind].append(write())
        return {"number": self._number, **{kind: items[::-1] for kind, items in changes.items()}}

    def _note(self, kind: str, id: int, write: Callable[[], Json]) -> None:
        self._number += 1
        self._changed.pop((kind, id), None)
        self._changed[kind, id] = self._number, write

    def _note_message(self, message: Message) -> None:
        def write() -> Json:
            latest = self._messages.get(message.id) or message
            recipient = self._world.channels[latest.channel_id].recipient_id
            document = self._messages.page_object(latest, latest.ephemeral_for or BOT_ID)
            return document | {"dm_of": recipient and str(recipient)}

        self._note("messages", message.id, write)

    def _note_deletion(self, message: Message) -> None:
        self._note("messages", message.id, lambda: {"id": str(message.id), "deleted": True})

    def _note_response(self, response: Response) -> None:
        message_id = None if response.message is None else str(response.message.id)
        self._note_interaction(response.interaction, response.type, message_id, response.modal)

    def _note_failure(self, interaction: Interaction) -> None:
        self._note_interaction(interaction, 0, None, None)

    def _note_interaction(self, interaction: Interaction, type: int, message: str | None, modal: Json | None) -> None:
        document: Json = {
            "id": str(interaction.id),
            "user": str(interaction.user_id),
            "channel": str(interaction.channel_id),
        }
        seconds = self._clock() - interaction.created
        document |= {"type": type, "message": message, "modal": modal, "seconds": seconds}
        self._note("interactions", interaction.id, lambda: document)


class ControlRoutes:
    """Routes under /control."""

    def __init__(self, faults: Faults, gateway: Gateway, journal: Journal) -> None:
        self._faults = faults
        self._gateway = gateway
        self._journal = journal

    def routes(self) -> list[web.RouteDef]:
        """Return all routes."""
        return [
            web.get("/control/journal", self._read_journal),
            web.get("/control/faults", self._count_faults),
            web.put("/control/faults", self._set_faults),
            web.post("/control/gateway", self._disturb_gateway),
        ]

    async def _read_journal(self, request: web.Request) -> web.Response:
        """What changed after the number in the query, and whether the bot is online."""
        number = int(request.query.get("after", "0"))
        return json_response(self._journal.after(number) | {"online": self._gateway.online})

    async def _count_faults(self, request: web.Request) -> web.Response:
        """How many requests went wrong so far, by kind."""
        return json_response(self._faults.counts)

    async def _set_faults(self, request: web.Request) -> web.Response:
        """Replace the faults in force by those in the body: {"seed": 1, "faults": [{"kind": "slow", …}]}."""
        body = await request.json()
        try:
            faults = [Fault.of(each) for each in body["faults"]]
        except (KeyError, TypeError, ValueError) as reason:
            return json_response({"message": f"Not a fault: {reason}"}, status=400)
        self._faults.replace(faults, body.get("seed", 0))
        return json_response({})

    async def _disturb_gateway(self, request: web.Request) -> web.Response:
        """Do what the body says: "close", "reconnect", "invalidate", "resume" (invalidate resumably) or "silence".

        With `seconds`, the connections are closed after that time.
        """
        body = await request.json()
        actions: dict[str, Callable[[], None]] = {
            "close": self._gateway.drop_connections,
            "reconnect": self._gateway.request_reconnect,
            "invalidate": self._gateway.invalidate_sessions,
            "resume": lambda: self._gateway.invalidate_sessions(resumable=True),
            "silence": self._gateway.silence_connections,
        }
        if body.get("action") not in actions:
            return json_response({"message": f"Use one of: {', '.join(actions)}."}, status=400)
        actions[body["action"]]()
        if "seconds" in body:
            asyncio.get_running_loop().call_later(body["seconds"], self._gateway.drop_connections)
        return json_response({})
