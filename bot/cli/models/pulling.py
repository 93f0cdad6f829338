"""`noisefox models pull`: downloads what a model lacks."""

from collections import defaultdict
from collections.abc import Sequence

from tqdm import tqdm

from bot.cli.models import files, hub, remote_file
from bot.cli.models.amounts import gigabytes
from bot.cli.models.errors import NotSaved, UnusableSource
from bot.cli.models.files import Needed, NeededFromHub
from generation import disk
from generation.catalogue import ModelSpec


def pull(spec: ModelSpec, models: dict[str, ModelSpec]) -> None:
    """Download what a model lacks, with a progress bar, and check the hashes.

    Raises `UnusableSource`, `NotReachable`, `WrongFile` and `NotSaved`.
    """
    needed = files.of(spec, models)
    single = [each for each in needed if isinstance(each, Needed)]
    from_hub = [each for each in needed if isinstance(each, NeededFromHub)]
    large = [*single, *(file for each in from_hub for file in each.large)]
    if not large and not any(each.missing for each in from_hub):
        _say_here(spec)
        return
    check_room(spec.name, large)
    total = sum(each.file.size or 0 for each in large)
    here = sum(each.file.bytes_here(each.target) for each in large)
    with tqdm(total=total or None, initial=here, unit="B", unit_scale=True, desc=spec.name) as bar:
        for each in large:
            try:
                remote_file.download(each.file, each.target, bar.update)
            except OSError as reason:
                raise NotSaved(f"{each.target} cannot be written: {reason.strerror}.") from reason
    for repository in from_hub:
        hub.link(repository.info, repository.files, silent=not repository.left)
    unverified = [each.file.name for each in large if not each.file.sha256]
    print(f"{spec.name} is on this machine now.")
    for name in unverified:
        print(f"{name}: its server names no hash, so only its length was checked.")


def check_room(name: str, needed: Sequence[Needed]) -> None:
    """Raise `NotSaved` where a disk would be nearly full after a download."""
    folders = {disk.number_of(each.target.parent): each.target.parent for each in needed}
    missing: dict[int, int] = defaultdict(int)
    for each in needed:
        missing[disk.number_of(each.target.parent)] += (each.file.size or 0) - each.file.bytes_here(each.target)
    for number, size in missing.items():
        folder, free = folders[number], disk.free_near(folders[number])
        if free < size + disk.SPARE:
            raise NotSaved(
                f"{name} needs {gigabytes(size)} in {folder.resolve()}, where {gigabytes(free)} are free, and "
                f"{gigabytes(disk.SPARE)} must stay free for pictures. Make room there, then run the command again."
            )


def _say_here(spec: ModelSpec) -> None:
    if files.is_here(spec):
        print(f"{spec.name} is on this machine already.")
        return
    raise UnusableSource(
        f"{spec.name} has no file {spec.source}, and its section has no address to get it from. Correct its source."
    )
