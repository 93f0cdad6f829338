"""The gateway: a websocket that sends events to the bot. Sessions outlive connections and can be resumed."""

import asyncio
import json
import secrets
import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import Any

from aiohttp import WSMsgType, web

from playground.errors import Json
from playground.state.guild_objects import guild_create_object, member_object, user_object
from playground.state.world import BOT_ID, GUILD_ID, World

HEARTBEAT_INTERVAL_MS = 41_250

ACK_SECONDS = 0.1
"""How long a heartbeat waits for its acknowledgement, as on the way to Discord and back. One that comes at once reaches
discord.py before its thread has noted when it sent the heartbeat, and is taken for that of the one before."""

RESUMABLE_SECONDS = 300
"""For how long a session without a connection can be resumed."""
_REPLAY_LIMIT = 2000
"""Events that are kept for a resume."""


class Opcode(IntEnum):
    """Opcodes of gateway payloads."""

    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    PRESENCE_UPDATE = 3
    VOICE_STATE_UPDATE = 4
    RESUME = 6
    RECONNECT = 7
    REQUEST_GUILD_MEMBERS = 8
    INVALID_SESSION = 9
    HELLO = 10
    HEARTBEAT_ACK = 11


class CloseCode(IntEnum):
    """Codes with which the gateway closes a connection."""

    UNKNOWN_ERROR = 4000
    UNKNOWN_OPCODE = 4001
    DECODE_ERROR = 4002
    NOT_AUTHENTICATED = 4003
    AUTHENTICATION_FAILED = 4004
    ALREADY_AUTHENTICATED = 4005
    INVALID_SEQUENCE = 4007
    DISALLOWED_INTENTS = 4014


class Intent(IntFlag):
    """Groups of events that a session can receive. Events without an intent go to every session."""

    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_PRESENCES = 1 << 8
    GUILD_MESSAGES = 1 << 9
    GUILD_MESSAGE_REACTIONS = 1 << 10
    DIRECT_MESSAGES = 1 << 12
    DIRECT_MESSAGE_REACTIONS = 1 << 13
    MESSAGE_CONTENT = 1 << 15


PRIVILEGED_INTENTS = Intent.GUILD_MEMBERS | Intent.GUILD_PRESENCES | Intent.MESSAGE_CONTENT


@dataclass
class Session:
    """A gateway session. `sent` has its newest events with their sequence numbers, for a resume.

    detached_at: Unix seconds at which its connection was lost, None while it has one.
    """

    id: str
    intents: int
    sequence: int = 0
    sent: deque[tuple[int, Json]] = field(default_factory=lambda: deque(maxlen=_REPLAY_LIMIT))
    connection: "Connection | None" = None
    detached_at: float | None = None


class Connection:
    """One websocket. Payloads are sent in order, compressed when the client asked for zlib-stream."""

    def __init__(self, socket: web.WebSocketResponse, compress: bool) -> None:
        self._socket = socket
        self._compressor = zlib.compressobj() if compress else None
        self._queue: asyncio.Queue[Json | int] = asyncio.Queue()
        self.closed_here = False
        """Whether the gateway has closed it."""
        self.silent = False
        """Whether nothing is sent any more, though the connection is open."""

    def send(self, payload: Json) -> None:
        """Queue a payload; a silent connection drops it."""
        if not self.silent:
            self._queue.put_nowait(payload)

    def close(self, code: int) -> None:
        """Close the socket once everything queued is sent."""
        self.closed_here = True
        self._queue.put_nowait(code)

    async def send_queued(self) -> None:
        """Send queued payloads until the socket closes."""
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
    """All sessions of the bot. The listeners in `on_presence` are called with whether a bot is online."""

    def __init__(self, world: World, token: str, clock: Callable[[], float]) -> None:
        self._world = world
        self._token = token
        self._clock = clock
        self._sessions: dict[str, Session] = {}
        self._connections: set[Connection] = set()
        self._refusal: int | None = None
        self.url = ""
        self.on_presence: list[Callable[[bool], None]] = []

    @property
    def online(self) -> bool:
        """Whether a bot is connected and has identified."""
        return any(session.connection is not None for session in self._sessions.values())

    def dispatch(self, event: str, data: Json, intent: Intent | None = None) -> None:
        """Send an event to every session with its intent. A session without a connection gets it when it resumes."""
        for session in self._sessions.values():
            if intent is None or session.intents & intent:
                self._dispatch_to(session, event, data)

    def _dispatch_to(self, session: Session, event: str, data: Any) -> None:
        session.sequence += 1
        payload = {"op": Opcode.DISPATCH, "t": event, "s": session.sequence, "d": data}
        session.sent.append((session.sequence, payload))
        if session.connection is not None:
            session.connection.send(payload)

    def request_reconnect(self) -> None:
        """Send Reconnect (opcode 7) to every connection: the client should reconnect and resume."""
        for connection in self._connections:
            connection.send({"op": Opcode.RECONNECT, "d": None})

    def invalidate_sessions(self, resumable: bool = False) -> None:
        """Send Invalid Session (opcode 9) to every connection. Sessions that aren't resumable are dropped."""
        for connection in self._connections:
            connection.send({"op": Opcode.INVALID_SESSION, "d": resumable})
        if not resumable:
            self._sessions.clear()
            self._notify_presence()

    def drop_connections(self) -> None:
        """Close every connection with code 4000. The sessions can be resumed."""
        for connection in self._connections:
            connection.close(CloseCode.UNKNOWN_ERROR)

    def refuse_connections(self, code: int) -> None:
        """Close every connection, and each new one when it identifies or resumes."""
        self._refusal = code
        for connection in self._connections:
            connection.close(code)

    def silence_connections(self) -> None:
        """Send nothing on the open connections any more, not even heartbeat acknowledgements: they become zombies."""
        for connection in self._connections:
            connection.silent = True

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one websocket."""
        socket = web.WebSocketResponse(max_msg_size=4096 * 4, compress=False, timeout=1.0)
        await socket.prepare(request)
        connection = Connection(socket, request.query.get("compress") == "zlib-stream")
        self._connections.add(connection)
        writer = asyncio.create_task(connection.send_queued())
        session: Session | None = None
        connection.send({"op": Opcode.HELLO, "d": {"heartbeat_interval": HEARTBEAT_INTERVAL_MS}})
        try:
            async for message in socket:
                if message.type is not WSMsgType.TEXT:
                    continue
                try:
                    payload = json.loads(message.data)
                except ValueError:
                    connection.close(CloseCode.DECODE_ERROR)
                    continue
                session = self._receive(connection, session, payload)
        finally:
            writer.cancel()
            self._connections.discard(connection)
            if session is not None:
                logged_out = not connection.closed_here and socket.close_code in (1000, 1001)
                self._detach(session, connection, forget=logged_out)
        return socket

    def _detach(self, session: Session, connection: Connection, forget: bool) -> None:
        if session.connection is connection:
            session.connection = None
            session.detached_at = self._clock()
            if forget:
                self._sessions.pop(session.id, None)
            self._notify_presence()

    def _notify_presence(self) -> None:
        for listener in self.on_presence:
            listener(self.online)

    def _receive(self, connection: Connection, session: Session | None, payload: Json) -> Session | None:
        """Handle one payload of the client. Returns the session that the connection has afterwards."""
        op, data = payload.get("op"), payload.get("d")
        if op == Opcode.HEARTBEAT:
            acknowledgement = {"op": Opcode.HEARTBEAT_ACK}
            asyncio.get_running_loop().call_later(ACK_SECONDS, connection.send, acknowledgement)
        elif op in (Opcode.IDENTIFY, Opcode.RESUME) and session is not None:
            connection.close(CloseCode.ALREADY_AUTHENTICATED)
        elif op in (Opcode.IDENTIFY, Opcode.RESUME) and self._refusal is not None:
            connection.close(self._refusal)
        elif op == Opcode.IDENTIFY and isinstance(data, dict):
            return self._identify(connection, data)
        elif op == Opcode.RESUME and isinstance(data, dict):
            return self._resume(connection, data)
        elif session is None:
            connection.close(CloseCode.NOT_AUTHENTICATED)
        elif op == Opcode.REQUEST_GUILD_MEMBERS and isinstance(data, dict):
            self._send_members(session, data)
        elif op not in (Opcode.PRESENCE_UPDATE, Opcode.VOICE_STATE_UPDATE):
            connection.close(CloseCode.UNKNOWN_OPCODE)
        return session

    def _identify(self, connection: Connection, data: Json) -> Session | None:
        intents = int(data.get("intents") or 0)
        if data.get("token") != self._token:
            connection.close(CloseCode.AUTHENTICATION_FAILED)
            return None
        if intents & PRIVILEGED_INTENTS:
            connection.close(CloseCode.DISALLOWED_INTENTS)
            return None
        session = Session(secrets.token_hex(16), intents, connection=connection)
        self._sessions[session.id] = session
        ready = {
            "v": 10,
            "user": user_object(self._world.bot) | {"verified": True, "mfa_enabled": False, "email": None},
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
        self._dispatch_to(session, "GUILD_CREATE", guild_create_object(self._world))
        self._notify_presence()
        return session

    def _resume(self, connection: Connection, data: Json) -> Session | None:
        if data.get("token") != self._token:
            connection.close(CloseCode.AUTHENTICATION_FAILED)
            return None
        session = self._sessions.get(str(data.get("session_id")))
        sequence = int(data.get("seq") or 0)
        expired = session is not None and self._clock() - (session.detached_at or self._clock()) > RESUMABLE_SECONDS
        lost = session is not None and bool(session.sent) and session.sent[0][0] > sequence + 1
        if session is None or expired or lost:
            connection.send({"op": Opcode.INVALID_SESSION, "d": False})
            return None
        if sequence > session.sequence:
            connection.close(CloseCode.INVALID_SEQUENCE)
            return None
        session.connection, session.detached_at = connection, None
        for number, payload in session.sent:
            if number > sequence:
                connection.send(payload)
        self._dispatch_to(session, "RESUMED", {})
        self._notify_presence()
        return session

    def _send_members(self, session: Session, data: Json) -> None:
        """Send one GUILD_MEMBERS_CHUNK in response to Request Guild Members (opcode 8)."""
        ids = data.get("user_ids")
        wanted = None if ids is None else {str(id) for id in (ids if isinstance(ids, list) else [ids])}
        prefix = str(data.get("query") or "").lower()
        members = [
            member_object(user)
            for user in self._world.users.values()
            if user.username.lower().startswith(prefix) and (wanted is None or str(user.id) in wanted)
        ]
        chunk = {"guild_id": str(GUILD_ID), "members": members, "chunk_index": 0, "chunk_count": 1, "not_found": []}
        self._dispatch_to(session, "GUILD_MEMBERS_CHUNK", chunk | {"nonce": data.get("nonce")})
