"""Which pictures are in the galleries of servers, each at most once."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from generation.jobs import JobState
from storage.database import Sessions
from storage.records import GalleryPost, Removal
from storage.tables import GalleryPostRow, GenerationRow, RemovalRow


class GalleryPosts:
    """What is posted in galleries, by request. A post is noted before it is made, so that it is made once."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def knows(self, generation_id: int) -> bool:
        """True for a request that is in a gallery, or about to be, or was once."""
        async with self._sessions() as session:
            return await session.get(GalleryPostRow, generation_id) is not None

    async def claim(self, generation_id: int, channel_id: int) -> bool:
        """Note that a request is about to be posted; False where that is noted already."""
        values = {"generation_id": generation_id, "channel_id": channel_id, "message_id": 0}
        async with self._sessions.writing() as session:
            try:
                await session.execute(insert(GalleryPostRow).values(**values))
            except IntegrityError:
                return False
        return True

    async def unposted(self) -> list[GalleryPost]:
        """Those whose message is not known: what an earlier run began, and what could not be posted yet."""
        async with self._sessions() as session:
            rows = await session.scalars(select(GalleryPostRow).filter_by(message_id=0))
            return [GalleryPost(row.generation_id, row.channel_id) for row in rows]

    async def posted(self, post: GalleryPost, message_id: int) -> list[Removal]:
        """Record the message of a post; its removal, already noted, where the request was deleted or the post withdrawn
        meanwhile."""
        async with self._sessions.writing() as session:
            row = await session.get(GalleryPostRow, post.generation_id)
            if row is None:
                return [await _note(session, post.channel_id, message_id)]
            row.message_id = message_id
            state = await session.scalar(select(GenerationRow.state).filter_by(id=post.generation_id))
            if state is not None and state != JobState.DELETED.value:
                return []
            await session.flush()
            return await note_copies(session, GalleryPostRow.generation_id == post.generation_id)

    async def drop(self, post: GalleryPost) -> None:
        """Forget a post that was not made."""
        async with self._sessions.writing() as session:
            await session.execute(delete(GalleryPostRow).filter_by(generation_id=post.generation_id))

    async def withdraw(self, message_ids: Sequence[int]) -> list[Removal]:
        """Note as removals the copies of pictures whose own messages were deleted; one that is being posted is
        removed by whoever posts it."""
        theirs = select(GenerationRow.id).where(
            GenerationRow.message_id.in_(message_ids), GenerationRow.message_id != 0
        )
        copies = GalleryPostRow.generation_id.in_(theirs.scalar_subquery())
        async with self._sessions() as session:
            if await session.scalar(select(GalleryPostRow.generation_id).where(copies).limit(1)) is None:
                return []
        async with self._sessions.writing() as session:
            noted = await note_copies(session, copies)
            await session.execute(delete(GalleryPostRow).where(copies))
            return noted


async def note_copies(session: AsyncSession, which: ColumnElement[bool]) -> list[Removal]:
    """Note as removals the messages of posts, which are forgotten. Those whose message is not known yet stay: whoever
    posts them sees that their request is gone."""
    known = which, GalleryPostRow.message_id != 0
    copies = list(await session.scalars(select(GalleryPostRow).where(*known)))
    for copy in copies:
        await session.delete(copy)
    return [await _note(session, copy.channel_id, copy.message_id) for copy in copies]


async def _note(session: AsyncSession, channel_id: int, message_id: int) -> Removal:
    row = RemovalRow(channel_id=channel_id, message_id=message_id)
    session.add(row)
    await session.flush()
    return Removal(row.id, channel_id=channel_id, message_id=message_id)
