"""A job on a ComfyUI server: a prompt for each picture, one after the other."""

import asyncio
from collections.abc import Callable, Mapping, MutableSet
from contextlib import suppress
from importlib.metadata import version
from uuid import uuid4

from generation import comfy_upscale, cost, infotext
from generation.comfy import filling, graph, outcome, pictures, refusals
from generation.comfy.client import UNREACHABLE, ComfyClient, Said, Shown, Word
from generation.comfy.filling import Prompt
from generation.comfy.graph import Graph
from generation.comfy.refusals import PromptFailed
from generation.comfy.roles import Role
from generation.comfy.steps import Steps
from generation.errors import FailureKind, ModelUnavailable
from generation.events import Completed, Progress, Queued, Started
from generation.jobs import Draw, Job, Upscale
from generation.pictures import Picture, Preview
from generation.settings import GenerationSettings


class Gone(Exception):
    """The server has our prompt no more, or says nothing about it for too long."""


class Drawing:
    """What is known of a job while it is drawn."""

    def __init__(
        self,
        job: Job,
        client: ComfyClient,
        workflows: Mapping[str, str],
        tell: Callable[[Queued | Started | Progress], object],
        step_seconds: float,
        orphans: MutableSet[str],
    ) -> None:
        """`orphans` takes the prompts that could not be stopped."""
        self.job = job
        self.client = client
        self.workflows = workflows
        self.tell = tell
        self.step_seconds = step_seconds
        self.orphans = orphans
        self.prompt_id = ""
        """The prompt that is queued or runs."""
        self.is_started = False
        self.is_frame_wanted = True
        self.words: asyncio.Queue[Word | None] = asyncio.Queue()
        self.shown: bytes = b""
        """The latest preview, as the server sent it."""
        self.preview: Preview | None = None

    def hear(self, word: Word | None) -> None:
        """Take a word of the server about the prompt; None where it may have said something unheard."""
        if isinstance(word, Shown):
            self.shown = word.image
        else:
            self.words.put_nowait(word)

    async def stop(self, prompt_id: str) -> None:
        """Have the server stop a prompt, now or as soon as it can be reached."""
        try:
            await self.client.stop(prompt_id)
        except UNREACHABLE:
            self.orphans.add(prompt_id)


async def drawn(drawing: Drawing, about: str, clock: Callable[[], float]) -> Completed:
    """Do a job. Raises `PromptFailed`, `ModelUnavailable`, `BrokenPicture`, `UserError`, `Gone` and `UNREACHABLE`."""
    job, began = drawing.job, clock()
    match job.task:
        case Upscale():
            picture = await asyncio.to_thread(comfy_upscale.enlarged, job.task)
            return Completed(job.id, (picture,), clock() - began, upscaler=comfy_upscale.NAME)
        case Draw(check=True):
            raise PromptFailed(FailureKind.CHECKER_UNAVAILABLE, "pictures of ComfyUI can't be checked")
        case Draw(explained=True):
            raise PromptFailed(FailureKind.UNSUITABLE, "pictures of ComfyUI can't be explained")
        case Draw():
            made = await _pictures(drawing, job.task)
            return Completed(job.id, made, clock() - began, about)


async def _pictures(drawing: Drawing, task: Draw) -> tuple[Picture, ...]:
    if (source := drawing.workflows.get(task.settings.model)) is None:
        raise ModelUnavailable(f"{task.settings.model} is no workflow")
    workflow = await asyncio.to_thread(graph.read, source)
    of_picture = bool(task.inputs.image)
    in_all = sum(cost.steps(each, of_picture) for each in task.cells or (task.settings,))
    steps = Steps(task.pictures, in_all, workflow.samplers)
    made = []
    for settings in task.each:
        made.append(await _picture(drawing, workflow, settings, task, steps))
        steps.next_picture()
    return tuple(made)


async def _picture(
    drawing: Drawing, workflow: Graph, settings: GenerationSettings, task: Draw, steps: Steps
) -> Picture:
    size = settings.width, settings.height
    given = await asyncio.to_thread(pictures.inputs_of, workflow, task.inputs.image, task.inputs.mask, size)
    uploaded = {role: await drawing.client.upload(png) for role, png in given.items()}
    if uploaded and workflow.places.get(Role.MASK) == workflow.places.get(Role.IMAGE) is not None:
        uploaded[Role.MASK] = uploaded[Role.IMAGE]
    prompt = filling.filled(workflow, settings, uploaded)
    prompt_id = await _queue(drawing, prompt)
    try:
        entry = await _ended(drawing, prompt_id, steps)
    except (asyncio.CancelledError, Gone):
        await drawing.stop(prompt_id)
        raise
    data = await drawing.client.picture(outcome.picture_of(entry, workflow.output))
    await drawing.client.forget(prompt_id)
    text = infotext.to_infotext(
        settings, infotext.Drawn(workflow.digest, f"noisefox {version('noisefox')}", from_picture=bool(given))
    )
    return await asyncio.to_thread(pictures.finished, data, settings.seed, text)


async def _queue(drawing: Drawing, prompt: Prompt) -> str:
    """Queue a prompt; its id. One that is cancelled meanwhile is stopped as soon as it is queued."""
    drawing.prompt_id = uuid4().hex
    queueing = asyncio.ensure_future(drawing.client.queue(prompt, drawing.prompt_id))
    try:
        drawing.prompt_id = await asyncio.shield(queueing)
    except asyncio.CancelledError:
        with suppress(PromptFailed, *UNREACHABLE):
            await drawing.stop(await queueing)
        raise
    return drawing.prompt_id


async def _ended(drawing: Drawing, prompt_id: str, steps: Steps) -> Mapping[str, object]:
    """Wait until a prompt has ended; what the history says of it. Raises `PromptFailed`, and `Gone` where the server
    does not have it, or says nothing for too long while it runs."""
    silent = was_running = False
    while True:
        if entry := await drawing.client.outcome(prompt_id):
            return entry
        running, waiting = await drawing.client.line()
        if prompt_id not in running | waiting:
            if entry := await drawing.client.outcome(prompt_id):
                return entry
            raise Gone("the server has the prompt no more")
        if silent and was_running:
            raise Gone(f"nothing was heard for {drawing.step_seconds:g} seconds")
        if running and prompt_id in waiting and not drawing.is_started:
            drawing.tell(Queued(drawing.job.id, len(waiting)))
        was_running = prompt_id in running
        silent = not await _hear_out(drawing, steps)


async def _hear_out(drawing: Drawing, steps: Steps) -> bool:
    """Follow what the server says of a prompt until it seems to have ended. False where it says nothing for long."""
    while True:
        try:
            async with asyncio.timeout(drawing.step_seconds):
                word = await drawing.words.get()
        except TimeoutError:
            return False
        if not isinstance(word, Said):
            return True
        match word.kind:
            case "execution_start":
                _start(drawing)
            case "progress":
                await _progress(drawing, word, steps)
            case "execution_error":
                raise refusals.failed(word.data)
            case "execution_interrupted":
                raise outcome.Interrupted
            case "executing" if word.data.get("node") is None:
                return True


def _start(drawing: Drawing) -> None:
    if not drawing.is_started:
        drawing.is_started = True
        drawing.tell(Started(drawing.job.id))


async def _progress(drawing: Drawing, said: Said, steps: Steps) -> None:
    _start(drawing)
    value, most = said.data.get("value"), said.data.get("max")
    if not (isinstance(value, int | float) and isinstance(most, int | float)):
        return
    if not steps.note(str(said.data.get("node")), value, most):
        return
    if drawing.shown and drawing.is_frame_wanted:
        drawing.preview = await asyncio.to_thread(pictures.preview, drawing.shown) or drawing.preview
        drawing.is_frame_wanted = False
    drawing.tell(Progress(drawing.job.id, steps.told, steps.steps, _previews(drawing, steps)))


def _previews(drawing: Drawing, steps: Steps) -> tuple[Preview, ...]:
    """A preview of each picture: grey for all but the one that is drawn."""
    now = steps.finished
    grey = pictures.grey(drawing.preview)
    return tuple((drawing.preview or grey) if each == now else grey for each in range(drawing.job.task.pictures))
