"""`noisefox models`."""

import argparse
from pathlib import Path
from shlex import quote

from huggingface_hub import constants, scan_cache_dir

from bot import config
from bot.cli.models import adding, checking, config_file, files, hub, licence, listing, pulling
from bot.cli.models.amounts import gigabytes
from bot.cli.models.arguments import config_file as file_of
from bot.cli.models.errors import UnusableSource
from bot.config import Config
from generation import starters
from generation.catalogue import POCKET_DIRECTORY, ModelSpec
from generation.errors import UnknownModel


def run(options: argparse.Namespace) -> int:
    """Run an action. Returns its exit status. Raises `NoisefoxError`."""
    file = file_of(options)
    match options.action:
        case "list":
            print("\n".join(adding.starter_lines() if options.starters else listing.list_lines(_read(file))))
        case "show":
            read = _read(file)
            spec = _model(read, options.name)
            print("\n".join([*listing.show_lines(spec, read.data), *checking.said_of(spec)]))
        case "check":
            return _check(_read(file), options.name)
        case "add":
            return _add(options, file)
        case "pull":
            _pull(_read(file), file, options.name, accepted=options.accept_licence)
        case "default":
            _make_default(file, options.name)
        case "remove":
            _remove(file, options.name, with_files=options.files)
    return 0


def _read(file: Path) -> Config:
    """A configuration; the defaults where there is none."""
    return config.load(file if file.exists() else None)


def _model(read: Config, name: str) -> ModelSpec:
    """Raises `UnknownModel`."""
    return read.catalogue.get(name)


def _add(options: argparse.Namespace, file: Path) -> int:
    starter = starters.get(options.starter) if options.starter else None
    name, source = options.name or options.starter, options.source
    if starter and source:
        raise UnusableSource("Use either a SOURCE or --starter.")
    if not name or not (starter or source):
        raise UnusableSource("Use `noisefox models add NAME SOURCE` or `noisefox models add --starter KEY`.")
    _read(file)
    source = starter.source if starter else source
    adding.add(file, name, source, starter, accepted=options.accept_licence)
    if options.pull:
        _pull(_read(file), file, name, accepted=True)
    elif files.is_here(_model(_read(file), name)):
        print(f"`noisefox models default {quote(name)}` makes it the default.")
    else:
        pull, default = f"noisefox models pull {quote(name)}", f"noisefox models default {quote(name)}"
        print(f"Next: `{pull}`, and `{default}` to make it the default.")
    return 0


def _pull(read: Config, file: Path, name: str, *, accepted: bool) -> None:
    spec = _model(read, name)
    models = {each.name: each for each in read.models}
    if files.on_hub(spec.source) and not spec.licence:
        found = hub.licence_of(hub.about(spec.source))
        if found.has_terms:
            print("\n".join(licence.lines(found)))
            licence.accept(found, accepted=accepted)
            config_file.set_line(file, name, "licence", found.short)
    pulling.pull(spec, models)


def _check(read: Config, name: str | None) -> int:
    chosen = [_model(read, name)] if name else list(read.models)
    well = True
    for spec in chosen:
        faults = checking.faults_of(spec)
        well = well and not faults
        print(f"{spec.name}: {'fine' if not faults else ' '.join(faults)}")
        for line in checking.said_of(spec):
            print(f"    {line}")
    return 0 if well else 1


def _make_default(file: Path, name: str) -> None:
    read = _read(file)
    if read.catalogue.default.name != _model(read, name).name:
        config_file.make_default(file, name)
    print(f"{name} is the default now. Restart the bot if it runs.")


def _remove(file: Path, name: str, *, with_files: bool) -> None:
    read = _read(file)
    spec = _model(read, name)
    if name not in config_file.names(config_file.text_of(file)):
        raise UnknownModel(name, read.catalogue.names)
    config_file.remove(file, name)
    print(f"{name} was removed from {file}.")
    others = [each for each in read.models if each.name != name]
    if not others:
        print("It was the last model, so the bot uses pocket.")
    if spec.source == str(POCKET_DIRECTORY):
        return
    if any(each.source == spec.source for each in others) or not files.is_here(spec):
        return
    if not with_files:
        print(f"Its files are left: {gigabytes(files.size_here(spec))}. `--files` deletes what was downloaded.")
    elif spec.address:
        Path(spec.source).expanduser().unlink()
        print(f"{spec.source} was deleted.")
    elif files.on_hub(spec.source):
        _delete_from_cache(spec.source)
        print(f"{spec.source} was deleted from the hub's cache.")
    else:
        print(f"{spec.source} was not downloaded by Noisefox, so it is left.")


def _delete_from_cache(repository: str) -> None:
    cache = scan_cache_dir(constants.HF_HUB_CACHE)
    revisions = [rev.commit_hash for repo in cache.repos if repo.repo_id == repository for rev in repo.revisions]
    cache.delete_revisions(*revisions).execute()
