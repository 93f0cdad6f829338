"""What the settings of a request say of its pictures."""

from datetime import UTC, datetime

from discord import ui

from bot.views.details import details
from generation.catalogue import POCKET
from generation.jobs import JobState
from storage.records import Action, Generation, InputFiles, Lineage, Origin


def shown(inputs: InputFiles) -> str:
    lineage, settings = Lineage(Action.IMAGINE), POCKET.preferred.of("a fox", 1)
    now = datetime.now(UTC)
    generation = Generation(1, Origin("key", 2, 3), lineage, settings, JobState.COMPLETED, now, inputs)
    parts = details(generation, None, user_id=2).view.walk_children()
    return "\n".join(each.content for each in parts if isinstance(each, ui.TextDisplay))


def test_a_style_picture_is_told() -> None:
    assert "style taken from a picture" in shown(InputFiles(style_image="style.png"))
    assert "style taken" not in shown(InputFiles(image="start.png"))
