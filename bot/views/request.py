"""The message of a request, from start to end."""

from collections.abc import Sequence
from dataclasses import replace

from discord import ui

from bot.attachments.finished import REQUEST_BYTES, PictureFile
from bot.locales import say, say_many
from bot.locales.durations import about
from bot.locales.plain import plain
from bot.views import comparison, explanation, film
from bot.views.buttons import button, kept, more, numbered, of_picture, rows_of
from bot.views.custom_ids import Press, PressKind
from bot.views.hints import hinted
from bot.views.ignored import ignored_lines
from bot.views.message import ATTACHED, QUIET, SPOILER, MessageContent, Part, framed, gallery
from bot.views.text import bar, described, described_each, faces_line, headline, lineage_line, shown, small_print
from generation.abilities import STABLE_DIFFUSION, Abilities
from generation.events import Event, Explaining, Loading, Progress, Queued
from generation.jobs import JobState
from generation.settings import GenerationSettings
from storage.records import Action, Generation, Lineage


def starting(generation: Generation, parent: Generation | None) -> MessageContent:
    """A request that is about to be queued."""
    parts = _title(generation.settings, generation.lineage, generation.origin.user_id, parent)
    cancel = ui.ActionRow(button(Press(PressKind.CANCEL, generation.id)))
    return MessageContent(framed([*parts, ui.TextDisplay(say("Starting…")), cancel]))


def cancelling(generation: Generation, parent: Generation | None) -> MessageContent:
    """A request that somebody has just cancelled."""
    parts = _title(generation.settings, generation.lineage, generation.origin.user_id, parent)
    return MessageContent(framed([*parts, ui.TextDisplay(say("Cancelling…"))], QUIET))


def underway(
    generation: Generation,
    event: Event,
    preview: bytes | None,
    parent: Generation | None,
    left: float | None = None,
    *,
    may_be_late: bool = False,
) -> MessageContent:
    """A request that is waiting or being drawn. `preview` is a JPEG, `left` the estimated seconds until it is done.
    With `may_be_late` the message says that it may stop being updated."""
    match event:
        case Queued(position=position, away=away):
            if position == 1:
                line = say("Next in the queue…")
            else:
                line = say("Waiting: number {position} in the queue…", position=position)
            if away:
                line = f"{line} {say('What draws this is away. It goes on as soon as that is back.')}"
        case Loading(model=model, share=share):
            line = say("{bar}  Loading the model {model}…", bar=bar(round(100 * share), 100), model=plain(model))
        case Progress(step=step, steps=steps):
            if generation.lineage.action.enlarges:
                line = say("{bar}  part {part} of {parts}", bar=bar(step, steps), part=step, parts=steps)
            else:
                line = say("{bar}  step {step} of {steps}", bar=bar(step, steps), step=step, steps=steps)
        case Explaining(part=part, parts=of):
            line = say("{bar}  Making the figures: part {part} of {parts}", bar=bar(part, of), part=part + 1, parts=of)
        case _:
            line = say("Starting…")
    parts = _title(generation.settings, generation.lineage, generation.origin.user_id, parent)
    if generation.ignored:
        parts.append(ui.TextDisplay(ignored_lines(generation)))
    files = {}
    if preview:
        files["preview.jpg"] = preview
        parts.append(gallery(["preview.jpg"], described(generation)))
    parts.append(ui.TextDisplay(line if left is None else f"{line} · {about(left)}"))
    if may_be_late:
        late = say("This may take longer than I can edit this message. If no picture appears, look in /history.")
        parts.append(ui.TextDisplay(f"-# {late}"))
    parts.append(ui.ActionRow(button(Press(PressKind.CANCEL, generation.id))))
    return MessageContent(framed(parts), files)


def ended(
    generation: Generation,
    pictures: Sequence[PictureFile],
    parent: Generation | None,
    able: Abilities = STABLE_DIFFUSION,
    before: PictureFile | None = None,
) -> MessageContent:
    """A request that has ended, with its picture files, and the buttons that its model is `able` to follow; of an edit,
    with the picture `before` it."""
    match generation.state:
        case JobState.COMPLETED:
            return _completed(generation, pictures, parent, able, before)
        case JobState.CANCELLED:
            return _without_pictures(generation, say("Cancelled."), parent)
        case JobState.DELETED:
            return _without_pictures(generation, say("Deleted."), parent)
    return _without_pictures(generation, say(generation.failure or "The picture couldn't be drawn."), parent)


def ended_versions(
    generation: Generation,
    pictures: Sequence[PictureFile],
    parent: Generation | None,
    able: Abilities,
    before: PictureFile | None = None,
) -> list[MessageContent]:
    """A request that has ended, for a message that Discord may refuse: whole, without its prompt, and without both
    prompt and pictures."""
    silent = _without_prompt(generation)
    elsewhere = say("Discord doesn't let me show this here. It's in /history, number {number}.", number=generation.id)
    return [
        ended(generation, pictures, parent, able, before),
        ended(silent, pictures, parent, able, before),
        _without_pictures(silent, elsewhere, parent),
    ]


def of_one(generation: Generation, picture: PictureFile, able: Abilities) -> MessageContent:
    """One of several pictures, with the buttons that its model is `able` to follow."""
    files, index = named(generation, [picture]), picture.index
    seed = generation.settings.of_picture(index).seed
    parts: list[Part] = [
        gallery(list(files), *described_each(generation, [index])),
        ui.TextDisplay(f"-# {say('Picture {number} · seed {seed}', number=index + 1, seed=seed)}"),
        of_picture(generation.id, index, able),
        more(generation.id, index, able),
    ]
    return MessageContent(framed(parts), files)


def undone(edited: Generation, before: Generation, picture: PictureFile, able: Abilities) -> MessageContent:
    """The picture before an edit, with the buttons that its model is `able` to follow."""
    files, index = named(before, [picture]), picture.index
    note = say("Undone. The edit is in your /history, number {number}.", number=edited.id)
    is_only = len(before.pictures) == 1
    rows = rows_of(before, able) if is_only else [of_picture(before.id, index, able), more(before.id, index, able)]
    details = button(Press(PressKind.DETAILS, before.id))
    parts: list[Part] = [
        ui.TextDisplay(headline(before.settings, before.origin.user_id, before.lineage.action)),
        gallery(list(files), *described_each(before, [index])),
        ui.Section(ui.TextDisplay(f"-# {note}"), accessory=details),
        *rows,
    ]
    return MessageContent(framed(parts), files)


def which(generation: Generation, kind: PressKind) -> MessageContent:
    """A button for each picture of a request, to choose the one that `kind` is done with."""
    row = numbered("", kind, generation)
    return MessageContent(framed([ui.TextDisplay(say("Choose a picture.")), row], QUIET))


def file_of_one(generation: Generation, picture: PictureFile) -> MessageContent:
    """One picture as a downloadable file."""
    files = named(generation, [picture])
    [name] = files
    size = picture.kept_bytes / 2**20
    if picture.ending == "png":
        words = say("The original file.")
    elif picture.exact:
        words = say(
            "A lossless WebP with all settings. The PNG ({size:.1f} MiB) is too large to send here.",
            size=size,
        )
    elif picture.kept_bytes > REQUEST_BYTES:
        words = say(
            "The original ({size:.1f} MiB) is too large for any message. This is the best WebP that fits, with all "
            "settings.",
            size=size,
        )
    else:
        words = say(
            "The original ({size:.1f} MiB) is too large to send here. This is the best WebP that fits, with all "
            "settings. Use {command} or Details where larger files are allowed.",
            size=size,
            command=say("`/show number:{number}`", number=generation.id),
        )
    view = framed([ui.TextDisplay(f"-# {words}"), ui.File(f"{ATTACHED}{name}")], QUIET)
    return MessageContent(view, files, *described_each(generation, [picture.index]))


def direct_message_versions(generation: Generation, pictures: Sequence[PictureFile]) -> list[MessageContent]:
    """The direct message with the pictures of a request, which Discord may refuse: whole, and without its prompt."""
    return [_direct_message(each, pictures) for each in (generation, _without_prompt(generation))]


def _direct_message(generation: Generation, pictures: Sequence[PictureFile]) -> MessageContent:
    files = named(generation, pictures)
    parts: list[Part] = [
        ui.TextDisplay(headline(generation.settings, generation.origin.user_id, generation.lineage.action))
    ]
    if files:
        parts.append(gallery(list(files), *described_each(generation, [each.index for each in pictures])))
    parts.append(ui.TextDisplay(f"-# {small_print(generation)} · {say('number {number}', number=generation.id)}"))
    parts.append(ui.ActionRow(button(Press(PressKind.DETAILS, generation.id))))
    return MessageContent(framed(parts), files)


def outcomes(generation: Generation) -> list[str]:
    """A short sentence about how a request ended, which Discord may refuse: with its prompt, and without."""
    match generation.state:
        case JobState.COMPLETED:
            how = say("Your picture is done")
        case JobState.CANCELLED:
            how = say("Your picture was cancelled")
        case _:
            how = say("Your picture could not be drawn")
    return [f"{how}, **{shown(generation.settings.prompt, 100)}**", how]


def _without_prompt(generation: Generation) -> Generation:
    return replace(generation, settings=replace(generation.settings, prompt="…", negative_prompt=""))


def named(generation: Generation, pictures: Sequence[PictureFile]) -> dict[str, bytes]:
    """The files of a request by their names in a message. File names never contain the prompt."""
    covered = {each.index for each in generation.pictures if generation.covers(each)}
    if generation.figures and covered:
        covered = set(range(len(generation.figures)))
    return {
        f"{SPOILER * (each.index in covered)}noisefox-{generation.id}-{each.index}.{each.ending}": each.data
        for each in pictures
    }


def _completed(
    generation: Generation,
    pictures: Sequence[PictureFile],
    parent: Generation | None,
    able: Abilities,
    before: PictureFile | None,
) -> MessageContent:
    withheld = _withheld(generation)
    if withheld and not generation.shown:
        return _without_pictures(generation, withheld, parent)
    files = named(generation, pictures)
    parts = _title(generation.settings, generation.lineage, generation.origin.user_id, parent)
    if generation.axes:
        parts += comparison.sheet_of(generation, list(files))
    elif generation.lineage.action is Action.FILM:
        parts += film.shown(generation, list(files))
    elif generation.figures:
        parts += explanation.figures_of(generation, list(files))
    elif files:
        texts = described_each(generation, [each.index for each in pictures])
        if before:
            files, texts = _with_before(generation, before, files), [say("Before"), *texts]
        parts.append(gallery(list(files), *texts))
    if withheld:
        parts.append(ui.TextDisplay(f"-# {withheld}"))
    if generation.ignored:
        parts.append(ui.TextDisplay(ignored_lines(generation)))
    if generation.faces_found is not None:
        parts.append(ui.TextDisplay(faces_line(generation.faces_found)))
    details = button(Press(PressKind.DETAILS, generation.id))
    parts.append(ui.Section(ui.TextDisplay(f"-# {small_print(generation)}"), accessory=details))
    if generation.hint:
        parts.append(hinted(generation, generation.hint, able))
    if generation.figures:
        parts += _rows_of_figures(generation)
    else:
        parts += rows_of(generation, able)
    return MessageContent(framed(parts), files)


def _rows_of_figures(generation: Generation) -> list[Part]:
    """The buttons under a comparison, an explained drawing or a film."""
    if generation.axes:
        return comparison.rows_of(generation, *kept(generation))
    rows = film.rows_of if generation.lineage.action is Action.FILM else explanation.rows_of
    return rows(generation, *kept(generation))


def _with_before(generation: Generation, before: PictureFile, files: dict[str, bytes]) -> dict[str, bytes]:
    """The files of an edit after the picture that it has changed, which is covered where they are."""
    cover = SPOILER * any(name.startswith(SPOILER) for name in files)
    return {f"{cover}noisefox-{generation.id}-before.{before.ending}": before.data} | files


def _withheld(generation: Generation) -> str:
    """A sentence about pictures that are not shown here, and where to see them; empty if all are shown."""
    hidden = [each.index + 1 for each in generation.pictures if each not in generation.shown]
    if not hidden:
        return ""
    why = say_many(
        len(hidden) if len(generation.pictures) > 1 else 1,
        "{n} picture was flagged as NSFW. It is only shown in age-restricted channels.",
        "{n} pictures were flagged as NSFW. They are only shown in age-restricted channels.",
    )
    command = say("`/show number:{number}`", number=generation.id)
    return f"{why} {say('Its owner can show it there: {command}', command=command)}"


def _without_pictures(generation: Generation, sentence: str, parent: Generation | None) -> MessageContent:
    parts = _title(generation.settings, generation.lineage, generation.origin.user_id, parent)
    parts.append(ui.TextDisplay(sentence))
    kinds = [] if generation.lineage.action.enlarges else [PressKind.REROLL]
    if generation.state in (JobState.CANCELLED, JobState.FAILED):
        kinds.append(PressKind.DELETE)
    if kinds:
        parts.append(ui.ActionRow(*(button(Press(kind, generation.id)) for kind in kinds)))
    return MessageContent(framed(parts, QUIET))


def _title(settings: GenerationSettings, lineage: Lineage, user_id: int, parent: Generation | None) -> list[Part]:
    lines = [headline(settings, user_id, lineage.action), lineage_line(lineage, parent)]
    return [ui.TextDisplay("\n".join(filter(None, lines)))]
