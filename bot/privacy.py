"""Export and deletion of all data stored about a person."""

import asyncio
import json
from dataclasses import asdict
from io import BytesIO
from itertools import count
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from bot.delivery.cleanup import Cleanup
from bot.jobs.dispatcher import Dispatcher
from storage.drafts import Drafts
from storage.generations import Generations
from storage.images import Images
from storage.leftovers import Leftovers
from storage.looks import Looks
from storage.people import People
from storage.preferences import Preferences
from storage.records import Generation
from storage.reports import Reports

BATCH = 100
"""Requests that are read from the database at a time."""


class PersonalData:
    """Collects or deletes a person's data from every place where it is stored."""

    def __init__(
        self,
        *,
        generations: Generations,
        images: Images,
        leftovers: Leftovers,
        looks: Looks,
        people: People,
        preferences: Preferences,
        drafts: Drafts,
        reports: Reports,
        dispatcher: Dispatcher,
        cleanup: Cleanup,
    ) -> None:
        self._generations = generations
        self._images = images
        self._leftovers = leftovers
        self._looks = looks
        self._people = people
        self._preferences = preferences
        self._drafts = drafts
        self._reports = reports
        self._dispatcher = dispatcher
        self._cleanup = cleanup

    async def export(self, user_id: int, most: int) -> tuple[bytes, int]:
        """All data as a ZIP file of at most `most` bytes, and the number of oldest pictures that did not fit."""
        generations, looks = await self._all_of(user_id), await self._looks.of_user(user_id)
        document = {
            "user_id": user_id,
            "requests": [_document(each) for each in generations],
            "favourites": await self._people.favourites(user_id),
            "styles": [asdict(each) for each in await self._people.styles(user_id)],
            "looks": [asdict(each) for each in looks],
            "settings": asdict(await self._people.personal_settings(user_id)),
            "defaults": {
                model: partial.given() for model, partial in (await self._preferences.of_user(user_id)).by_model.items()
            },
            "reported": await self._reports.of_user(user_id),
            "drafts": [_without_token(each) for each in await self._drafts.of_user(user_id)],
        }
        text = json.dumps(document, indent=1, ensure_ascii=False, default=str).encode()
        names = [picture.file for each in generations for picture in each.pictures if picture.file]
        names += [file for each in generations for file in each.figures]
        given = [file for each in generations for file in each.inputs.named.values()]
        given += [file for each in looks for file in each.files]
        names += [file for file in dict.fromkeys(given) if self._images.is_given_by(user_id, file)]
        return await asyncio.to_thread(self._packed, text, [(name, self._images.path(name)) for name in names], most)

    async def forget(self, user_id: int) -> int:
        """Delete a person's requests, pictures, messages and settings. Returns the number of requests.

        Files and messages that cannot be deleted now are tried again at the next start.
        """
        generations = await self._all_of(user_id)
        for generation in generations:
            if generation.state.unfinished:
                await self._dispatcher.abandon(generation)
        await self._leftovers.forget(user_id, [each.id for each in generations])
        await self._generations.forget_user(user_id)
        await self._looks.forget(user_id)
        await self._people.forget(user_id)
        await self._cleanup.scrub()
        await self._cleanup.resume()
        return len(generations)

    async def _all_of(self, user_id: int) -> list[Generation]:
        found: list[Generation] = []
        for start in count(step=BATCH):
            page = await self._generations.of_user(user_id, start=start, most=BATCH, without=())
            found += page.generations
            if start + BATCH >= page.total:
                break
        return found

    @staticmethod
    def _packed(text: bytes, pictures: list[tuple[str, Any]], most: int) -> tuple[bytes, int]:
        file, left_out = BytesIO(), 0
        with ZipFile(file, "w") as archive:
            archive.writestr("data.json", text, ZIP_DEFLATED)
            for name, path in pictures:
                if not path.exists():
                    continue
                if file.tell() + path.stat().st_size + 1000 * len(pictures) > most:
                    left_out += 1
                else:
                    archive.write(path, name, ZIP_STORED)
        return file.getvalue(), left_out


def _without_token(draft: dict[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in draft.items() if name != "token"}


def _document(generation: Generation) -> dict[str, Any]:
    document = asdict(generation)
    for name in ("token", "token_expires", "token_only"):
        del document["origin"][name]
    del document["inputs"]["looks"]  # they tell of their owners, as names of files do
    for role, file in generation.inputs.named.items():
        if Images.giver_of(file) not in (None, generation.origin.user_id):
            document["inputs"][role] = None
    return document
