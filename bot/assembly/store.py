"""Everything that is kept."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from storage.database import Sessions
from storage.drafts import Drafts
from storage.gallery import GalleryPosts
from storage.generations import Generations
from storage.images import PICTURES, Images
from storage.leftovers import Leftovers
from storage.looks import Looks
from storage.paces import Paces
from storage.people import People
from storage.preferences import Preferences
from storage.removals import Removals
from storage.reports import Reports
from storage.server_rules import ServerRules


@dataclass(frozen=True, slots=True)
class Store:
    """Everything that is kept."""

    generations: Generations
    images: Images
    leftovers: Leftovers
    looks: Looks
    people: People
    preferences: Preferences
    rules: ServerRules
    drafts: Drafts
    paces: Paces
    removals: Removals
    reports: Reports
    gallery_posts: GalleryPosts

    @classmethod
    def over(cls, sessions: Sessions, data: Path, now: Callable[[], datetime]) -> Self:
        return cls(
            generations=Generations(sessions, now),
            images=Images(data / PICTURES),
            leftovers=Leftovers(data, now),
            looks=Looks(sessions),
            people=People(sessions),
            preferences=Preferences(sessions),
            rules=ServerRules(sessions),
            drafts=Drafts(sessions, now),
            paces=Paces(sessions),
            removals=Removals(sessions),
            reports=Reports(sessions),
            gallery_posts=GalleryPosts(sessions),
        )
