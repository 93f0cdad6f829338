"""The gateway: a websocket that tells the bot what happens, with sessions that survive a lost connection."""

import asyncio
import json
import secrets
import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntFlag
from typing import Any

from aiohttp import WSMsgType, web

from playground.errors import Json
from playground.state.world import BOT_ID, GUILD_ID, World

HEARTBEAT_INTERVAL_MS = 41_250
RESUMABLE_SECONDS = 300
"""How long a session without a connection can still be resumed."""
_REPLAY_LIMIT = 2000

_DISPATCH, _HEARTBEAT, _IDENTIFY, _PRESENCE, _VOICE = 0, 1, 2, 3, 4
_RESUME, _RECONNECT, _REQUEST_MEMBERS, _INVALID_SESSION, _HELLO, _HEARTBEAT_ACK = 6, 7, 8, 9, 10, 11

_UNKNOWN_OPCODE, _DECODE_ERROR, _NOT_AUTHENTICATED, _BAD_TOKEN, _ALREADY_AUTHENTICATED = 4001, 4002, 4003, 4004, 4005
_INVALID_SEQUENCE, _DISALLOWED_INTENTS = 4007, 4014


class Intent(IntFlag):
    """What a session may ask to hear."""

    ALWAYS = 0
    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_PRESENCES = 1 << 8
    GUILD_MESSAGES = 1 << 9
    GUILD_REACTIONS = 1 << 10
    DIRECT_MESSAGES = 1 << 12
    DIRECT_REACTIONS = 1 << 13
    MESSAGE_CONTENT = 1 << 15


_PRIVILEGED = Intent.GUILD_MEMBERS | Intent.GUILD_PRESENCES | Intent.MESSAGE_CONTENT


@dataclass
class Session:
    """An identified bot. `sent` holds the newest events for a replay, each under its sequence number."""

    id: str
    intents: int
    sequence: int = 0
    sent: deque[tuple[int, Json]] = field(default_factory=lambda: deque(maxlen=_REPLAY_LIMIT))
    connection: "Connection | None" = None
    detached_at: float | None = None


class Connection:
    """One websocket; what is sent leaves in order, compressed when the client asked for zlib-stream."""

    def __init__(self, socket: web.WebSocketResponse, compress: bool) -> None:
        self._socket = socket
        self._compressor = zlib.compressobj() if compress else None
        self._queue: asyncio.Queue[Json | int] = asyncio.Queue()
        self.cut = False
        """Whether this side has closed it."""

    def send(self, payload: Json) -> None:
        """Puts a payload in line."""
        self._queue.put_nowait(payload)

    def close(self, code: int) -> None:
        """Puts the closing of the socket in line, behind what is still to be sent."""
        self.cut = True
        self._queue.put_nowait(code)

    async def write_out(self) -> None:
        """Sends what comes into line, until the socket closes."""
        while True:
            item = await self._queue.get()
            if isinstance(item, int):
                await self._socket.close(code=item)
                return
            text = json.dumps(item, separators=(",", ":"))
            try:
                if self._compressor is None:
                    await self._socket.send_str(text)
                else:
                    data = self._compressor.compress(text.encode()) + self._compressor.flush(zlib.Z_SYNC_FLUSH)
                    await self._socket.send_bytes(data)
            except ConnectionResetError:
                return


class Gateway:
    """All sessions of the bot. `on_presence` is called with whether a bot is connected."""

    def __init__(self, world: World, token: str, clock: Callable[[], float]) -> None:
        self._world = world
        self._token = token
        self._clock = clock
        self._sessions: dict[str, Session] = {}
        self._connections: set[Connection] = set()
        self.url = ""
        self.on_presence: list[Callable[[bool], None]] = []

    @property
    def online(self) -> bool:
        """Whether a bot is connected and identified."""
        return any(session.connection is not None for session in self._sessions.values())

    def dispatch(self, event: str, data: Json, intent: int = Intent.ALWAYS) -> None:
        """Sends an event to every session that asked for it; sessions without a connection get it when they resume."""
        for session in self._sessions.values():
            if not intent or session.intents & intent:
                self._dispatch_to(session, event, data)

    def _dispatch_to(self, session: Session, event: str, data: Any) -> None:
        session.sequence += 1
        payload = {"op": _DISPATCH, "t": event, "s": session.sequence, "d": data}
        session.sent.append((session.sequence, payload))
        if session.connection is not None:
            session.connection.send(payload)

    def ask_reconnect(self) -> None:
        """Sends op 7 to every connection: the client should reconnect and resume."""
        for connection in self._connections:
            connection.send({"op": _RECONNECT, "d": None})

    def invalidate_sessions(self, resumable: bool = False) -> None:
        """Sends op 9 to every connection; a session that is not resumable is forgotten."""
        for connection in self._connections:
            connection.send({"op": _INVALID_SESSION, "d": resumable})
        if not resumable:
            self._sessions.clear()
            self._tell_presence()

    def drop_connections(self) -> None:
        """Cuts every connection with close code 4000, as a network would; sessions stay resumable."""
        for connection in self._connections:
            connection.close(4000)

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """The websocket route."""
        socket = web.WebSocketResponse(max_msg_size=4096 * 4, compress=False, timeout=1.0)
        await socket.prepare(request)
        connection = Connection(socket, request.query.get("compress") == "zlib-stream")
        self._connections.add(connection)
        writer = asyncio.create_task(connection.write_out())
        session: Session | None = None
        connection.send({"op": _HELLO, "d": {"heartbeat_interval": HEARTBEAT_INTERVAL_MS}})
        try:
            async for message in socket:
                if message.type is not WSMsgType.TEXT:
                    continue
                try:
                    payload = json.loads(message.data)
                except ValueError:
                    connection.close(_DECODE_ERROR)
                    continue
                session = self._receive(connection, session, payload)
        finally:
            writer.cancel()
            self._connections.discard(connection)
            if session is not None:
                left = not connection.cut and socket.close_code in (1000, 1001)
                self._detach(session, connection, forget=left)
        return socket

    def _detach(self, session: Session, connection: Connection, forget: bool) -> None:
        if session.connection is connection:
            session.connection = None
            session.detached_at = self._clock()
            if forget:
                self._sessions.pop(session.id, None)
            self._tell_presence()

    def _tell_presence(self) -> None:
        for listener in self.on_presence:
            listener(self.online)

    def _receive(self, connection: Connection, session: Session | None, payload: Json) -> Session | None:
        """Handles one payload of the client; returns the session of the connection after it."""
        op, data = payload.get("op"), payload.get("d")
        if op == _HEARTBEAT:
            connection.send({"op": _HEARTBEAT_ACK})
        elif op in (_IDENTIFY, _RESUME) and session is not None:
            connection.close(_ALREADY_AUTHENTICATED)
        elif op == _IDENTIFY and isinstance(data, dict):
            return self._identify(connection, data)
        elif op == _RESUME and isinstance(data, dict):
            return self._resume(connection, data)
        elif session is None:
            connection.close(_NOT_AUTHENTICATED)
        elif op == _REQUEST_MEMBERS and isinstance(data, dict):
            self._send_members(session, data)
        elif op not in (_PRESENCE, _VOICE):
            connection.close(_UNKNOWN_OPCODE)
        return session

    def _identify(self, connection: Connection, data: Json) -> Session | None:
        intents = int(data.get("intents") or 0)
        if data.get("token") != self._token:
            connection.close(_BAD_TOKEN)
            return None
        if intents & _PRIVILEGED:
            connection.close(_DISALLOWED_INTENTS)
            return None
        session = Session(secrets.token_hex(16), intents, connection=connection)
        self._sessions[session.id] = session
        ready = {
            "v": 10,
            "user": self._world.bot.to_json() | {"verified": True, "mfa_enabled": False, "email": None},
            "guilds": [{"id": str(GUILD_ID), "unavailable": True}],
            "private_channels": [],
            "relationships": [],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": self.url,
            "application": {"id": str(BOT_ID), "flags": 0},
            "shard": data.get("shard") or [0, 1],
        }
        self._dispatch_to(session, "READY", ready)
        self._dispatch_to(session, "GUILD_CREATE", self._world.guild_create_json())
        self._tell_presence()
        return session

    def _resume(self, connection: Connection, data: Json) -> Session | None:
        if data.get("token") != self._token:
            connection.close(_BAD_TOKEN)
            return None
        session = self._sessions.get(str(data.get("session_id")))
        sequence = int(data.get("seq") or 0)
        expired = session is not None and self._clock() - (session.detached_at or self._clock()) > RESUMABLE_SECONDS
        lost = session is not None and bool(session.sent) and session.sent[0][0] > sequence + 1
        if session is None or expired or lost:
            connection.send({"op": _INVALID_SESSION, "d": False})
            return None
        if sequence > session.sequence:
            connection.close(_INVALID_SEQUENCE)
            return None
        session.connection, session.detached_at = connection, None
        for number, payload in session.sent:
            if number > sequence:
                connection.send(payload)
        self._dispatch_to(session, "RESUMED", {})
        self._tell_presence()
        return session

    def _send_members(self, session: Session, data: Json) -> None:
        """Answers op 8 with one GUILD_MEMBERS_CHUNK."""
        ids = data.get("user_ids")
        wanted = None if ids is None else {str(id) for id in (ids if isinstance(ids, list) else [ids])}
        prefix = str(data.get("query") or "").lower()
        members = [
            self._world.member_json(user)
            for user in self._world.users.values()
            if user.username.lower().startswith(prefix) and (wanted is None or str(user.id) in wanted)
        ]
        chunk = {"guild_id": str(GUILD_ID), "members": members, "chunk_index": 0, "chunk_count": 1, "not_found": []}
        self._dispatch_to(session, "GUILD_MEMBERS_CHUNK", chunk | {"nonce": data.get("nonce")})
