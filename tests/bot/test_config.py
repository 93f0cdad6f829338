import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from bot import text_files
from bot.config import Config, ConfigError, DiscordConfig, load, located, read, reading
from generation.catalogue import POCKET
from generation.embeddings import EmbeddingSpec
from generation.loras import LoraSpec
from generation.quantization import Quantization
from generation.settings import Sampler
from generation.step_cache import StepCache
from playground.state.tokens import BOT_TOKEN
from tests.written import place_of_token

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"


def written(folder: Path, text: str) -> Path:
    file = folder / "config.toml"
    file.write_text(text)
    return file


def test_the_example_shows_the_defaults() -> None:
    assert load(EXAMPLE) == load(None)


def test_a_model_of_ones_own(tmp_path: Path) -> None:
    text = '[models.mine]\nsource = "someone/model"\nsteps = 12\nguidance_scale = 4\nsampler = "Euler a"\n'
    [model] = load(written(tmp_path, text)).models
    assert (model.name, model.source, model.steps, model.guidance_scale) == ("mine", "someone/model", 12, 4.0)
    assert model.sampler is Sampler.EULER_ANCESTRAL
    assert model.width == 512


def test_controlnets_by_what_they_follow(tmp_path: Path) -> None:
    text = '[models.mine]\nsource = "someone/model"\n[models.mine.controlnets]\n'
    [model] = load(written(tmp_path, f'{text}canny = "a/canny"\nunion = "a/union"')).models
    assert model.control_networks == {"canny": "a/canny", "union": "a/union"}
    with pytest.raises(ConfigError, match=r"There is no kind 'edges'\. Use: canny, lines, scribble"):
        load(written(tmp_path, f'{text}edges = "a/canny"'))
    with pytest.raises(ConfigError, match=r"models\.mine\.controlnets\.canny must be text"):
        load(written(tmp_path, f"{text}canny = 3"))


def test_the_embedded_model_by_another_name(tmp_path: Path) -> None:
    [model] = load(written(tmp_path, '[models.tiny]\nsource = "pocket"\nsteps = 9')).models
    assert (model.name, model.source, model.steps, model.width) == ("tiny", POCKET.source, 9, POCKET.width)


def test_loras_and_what_they_could_not_reach_do_not_go_together(tmp_path: Path) -> None:
    (tmp_path / "loras").mkdir()
    (tmp_path / "loras" / "ink.safetensors").write_bytes(b"")
    with_loras = f'[loras]\nfolder = "{tmp_path / "loras"}"\n'
    with pytest.raises(ConfigError, match="LoRAs don't work with"):
        load(written(tmp_path, f"{with_loras}[worker]\nfuse_projections = true"))
    assert load(written(tmp_path, f"{with_loras}[worker]\ncompile = true")).worker_options.acceleration.compile
    streamed = load(written(tmp_path, f'{with_loras}[worker]\noffload = "group"'))
    assert streamed.worker_options.acceleration.offload == "group"


@pytest.mark.parametrize(
    ("written_as", "allowed"),
    [('"auto"', None), ("12", 12 * 10**9), ("5.5", 5.5 * 10**9)],
    ids=["auto", "whole", "half"],
)
def test_how_much_memory_models_may_take(tmp_path: Path, written_as: str, allowed: float | None) -> None:
    assert load(written(tmp_path, f"[worker]\nvram = {written_as}")).worker_options.vram == allowed


@pytest.mark.parametrize("written_as", ['"much"', "0", "-4.0", "true"])
def test_no_amount_of_memory(tmp_path: Path, written_as: str) -> None:
    with pytest.raises(ConfigError, match=r"worker\.vram"):
        load(written(tmp_path, f"[worker]\nvram = {written_as}"))


def test_step_caches_are_for_some_families_and_do_not_go_with_compiling(tmp_path: Path) -> None:
    families = {"flux": "FluxPipeline", "klein": "Flux2KleinPipeline", "xl": "StableDiffusionXLPipeline"}
    for name, pipeline in families.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "model_index.json").write_text(json.dumps({"_class_name": pipeline}))

    def model(name: str, cache: str) -> str:
        return f'[models.{name}]\nsource = "{tmp_path / name}"\ncache = "{cache}"\n'

    assert load(written(tmp_path, model("flux", "first-block"))).models[0].cache is StepCache.FIRST_BLOCK
    for name, cache, sentence in (
        (
            "klein",
            "first-block",
            "models.klein.cache: klein can't use the step cache first-block. Use one of: taylorseer",
        ),
        ("xl", "faster", "models.xl.cache: xl can't use a step cache. Remove the line."),
        ("flux", "slower", "models.flux.cache must be one of"),
        ("flux", "faster", "models.flux.cache doesn't work with worker.compile. Remove one of them."),
    ):
        with pytest.raises(ConfigError, match=re.escape(sentence)):
            load(written(tmp_path, model(name, cache) + "[worker]\ncompile = true"))


def test_what_quantises_must_be_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = '[models.flux]\nsource = "someone/flux"\nquantize = '
    assert load(written(tmp_path, f'{text}"fp8"')).models[0].quantize is Quantization.FP8
    monkeypatch.setattr(reading, "find_spec", lambda name: None)
    for kind, package in (("nf4", "bitsandbytes"), ("int8", "torchao")):
        said = f'models.flux.quantize = "{kind}" needs {package}, which is not installed. Run `pip install "noisefox[qu'
        with pytest.raises(ConfigError, match=re.escape(said)):
            load(written(tmp_path, f'{text}"{kind}"'))
    with pytest.raises(ConfigError, match=r"models\.flux\.quantize must be one of: nf4, int8, fp8\."):
        load(written(tmp_path, f'{text}"int3"'))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "speed = 3",
            "speed is not a setting. Use one of: bans, data, discord, edit_model, embeddings, limits, loras, ",
        ),
        ("[worker]\ncores = 3", "worker.cores is not a setting"),
        ("[limits]\nsteps = true", "limits.steps must be a whole number, not True"),
        ("[models.x]\nsteps = 3", "models.x has no source"),
        ('[models.x]\nsource = " "', "models.x.source is empty. Set it to a directory"),
        ('[models.x]\nsource = "a/b"\nsteps = 3000', "models.x.steps: Steps must be between 1 and 150"),
        ('[models.x]\nsource = "a/b"\nsampler = "Fast"', "models.x.sampler must be one of: DPM++ 2M Karras, Euler"),
        ("[limits]\nsteps = 0", "limits.steps: Steps must be between 1 and 150, not 0"),
        ("[limits]\nside = 10", "limits.side: Side must be between 64 and 2048"),
        ("[worker]\nmax_pictures = 0", "worker.max_pictures: Max pictures must be between 1 and 64"),
        ("[worker]\nlargest_batch = 1", "worker.largest_batch: A guided picture needs two rows"),
        ('[worker]\nattention = "fast"', "worker.attention: It must be empty or one of native, "),
        ('[worker]\noffload = "model"', "worker.offload: It must be empty or one of group, sequential; not model."),
        (
            '[worker]\ndevice = "gpu"',
            "worker.device: Use auto, cpu, cuda, cuda:1, rocm or mps, not gpu",
        ),
        ('[worker]\ndtype = "foo"', "worker.dtype: Use one of auto, float32, bfloat16, float16, not foo"),
        ('[upscaling]\nupscaler = "Magic"', "upscaling.upscaler must be one of: auto, Lanczos, Pocket, Real-ESRGAN"),
        ("[upscaling]\nupscaler = 4", "upscaling.upscaler must be an upscaler's name, not 4"),
        ("discord = 5", "discord must be a section, not 5"),
        ('discord = "abc"', "discord must be a section, not text."),
        ('[discord]\ntoken_file = ["abc"]', "discord.token_file must be text, not a list."),
        ("[discord]\ntoken_file = {x = 'abc'}", "discord.token_file must be text, not a section."),
        ("data = 2026-01-01", "data must be text, not this."),
        ('[upscaling]\nupscaler = "abc"', "upscaling.upscaler must be one of: auto, Lanczos"),
        (f"[bans]\nmembers = ['{BOT_TOKEN}']", "bans.members must be a whole number, not text."),
        (f"[discord]\napi_base = '{BOT_TOKEN}'", "discord.api_base: Use an address"),
        (f"[worker]\ndevice = '{BOT_TOKEN}'", "not [token]."),
        (f"[worker]\n'{BOT_TOKEN}' = 1", "worker.[token] is not a setting."),
        (f"{BOT_TOKEN}", "cannot be read"),
        ('data = "~nosuchuser/x"', "data begins with ~nosuchuser, but there is no such user. Write the whole path."),
        ('[loras]\nfolder = "~nosuchuser/x"', "loras.folder begins with ~nosuchuser"),
        ('data = "a\\u0000b"', "data holds a character that no path has."),
        ('[embeddings]\nfolder = "a\\u0000b"', "embeddings.folder holds a character that no path has."),
        (f"[worker]\nthreads = 1{'0' * 6000}", "a number in it has too many digits."),
        (f"data = 1{'0' * 4000}", "data must be text, not a whole number."),
        (f"[worker]\nthreads = {'[' * 5000}{']' * 5000}", "too many brackets stand inside each other."),
        ("[models]", "[models] is empty"),
        ('[loras]\nfolder = "/nowhere"', "loras.folder cannot be read"),
        ('[wildcards]\nfolder = "/nowhere"', "wildcards.folder: It can't be read: there is no such folder."),
        ("[loras.ink]\nwords = 'ink'", "loras.ink.file must be a .safetensors file"),
        ("[loras.ink]\nfile = '/etc/passwd'", "loras.ink.file: A LoRA must be a .safetensors file"),
        ("[loras.ink]\nstrength = 1", "loras.ink.strength is not a setting"),
        ('token = "abc"', "Don't write the token into the configuration file"),
        ('[discord]\ntoken = "abc"', "Don't write the token into the configuration file"),
        ("data = ", "cannot be read"),
        ('data = ""', "data is empty"),
        ('data = " "', "data is empty"),
        ('[discord]\napi_base = "http://127.0.0.1:99999/api"', "discord.api_base: Use an address such as https://"),
        ('[discord]\napi_base = "http://127.0.0.1:0/api"', "with a port of 1 to 65535 if any."),
        ('[discord]\napi_base = "discord.com"', "discord.api_base: Use an address"),
        ('[discord]\napi_base = "http://[::1/api"', "discord.api_base: Use an address"),
        ('[models." "]\nsource = "a/b"', "models. .name: The name is blank. Choose one that can be seen."),
        (f'[models.{"m" * 101}]\nsource = "a/b"', "name: The name has 101 characters. Use at most 100."),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        load(written(tmp_path, text))
    assert sentence in str(error.value)
    assert "abc" not in str(error.value)
    assert place_of_token(str(error.value)) is None
    assert len(str(error.value)) < 500


@pytest.mark.parametrize("path", ["~nosuchuser/token", "a\0b"])
def test_a_token_file_that_cannot_be_one_is_one_sentence(path: str) -> None:
    with pytest.raises(ConfigError, match=r"^discord\.token_file (begins with ~nosuchuser|holds a character)"):
        Config(discord=DiscordConfig(token_file=path), environment={}).token()


def test_a_token_file_without_an_end_is_one_sentence(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "long").write_bytes(b"a" * (text_files.MOST_BYTES + 1))
    for path, why in (
        ("/dev/zero", "no file but"),
        (tmp_path / "pipe", "no file but"),
        (tmp_path / "long", "too long"),
    ):
        with pytest.raises(ConfigError, match=rf"^discord\.token_file cannot be read: .*{why}"):
            Config(discord=DiscordConfig(token_file=str(path)), environment={}).token()
        with pytest.raises(ConfigError, match=f"cannot be read: .*{why}"):
            load(Path(path))


def test_loras_of_a_folder_and_of_their_own(tmp_path: Path) -> None:
    for name in ("ink", "fur"):
        (tmp_path / f"{name}.safetensors").touch()
    text = f'[loras]\nfolder = "{tmp_path}"\n[loras.black-ink]\nfile = "{tmp_path}/ink.safetensors"\n'
    config = load(written(tmp_path, text + 'words = "black ink"\nmodels = ["pocket"]'))
    ink = LoraSpec("black-ink", tmp_path / "ink.safetensors", "black ink", ("pocket",))
    assert config.loras == (ink, LoraSpec("fur", tmp_path / "fur.safetensors"))
    assert config.worker_options.loras == config.loras
    words = load(written(tmp_path, f'[embeddings]\nfolder = "{tmp_path}"'))
    assert words.worker_options.embeddings[0] == EmbeddingSpec("fur", tmp_path / "fur.safetensors")
    with pytest.raises(ConfigError, match=r"loras.black-ink.models: \[models\] has no model 'other'"):
        load(written(tmp_path, text + 'models = ["other"]'))


def test_what_a_section_does_not_say_stays_as_it_is(tmp_path: Path) -> None:
    config = load(written(tmp_path, "[limits]\nsteps = 50\n[worker]\nstrict = true"))
    assert config.limits == replace(Config().limits, steps=50)
    assert config.worker == replace(Config().worker, strict=True)


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        load(Path("nowhere.toml"))


def test_the_token_comes_from_the_environment_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(" from-file \n")
    config = load(written(tmp_path, f'[discord]\ntoken_file = "{file}"'))
    assert Config(discord=config.discord, environment={}).token() == "from-file"
    assert Config(discord=config.discord, environment={"NOISEFOX_TOKEN": "from-env"}).token() == "from-env"
    with pytest.raises(ConfigError, match="NOISEFOX_TOKEN"):
        Config(environment={}).token()
    assert "from-env" not in repr(Config(environment={"NOISEFOX_TOKEN": "from-env"}))


def test_a_file_whose_name_is_blank_is_to_be_renamed(tmp_path: Path) -> None:
    (tmp_path / "\N{NO-BREAK SPACE}.safetensors").write_bytes(b"")
    with pytest.raises(ConfigError, match=r"loras.folder: '.*' must be renamed. The name is blank"):
        load(written(tmp_path, f'[loras]\nfolder = "{tmp_path}"'))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_config_and_token_file_are_read_in_the_encoding_of_any_editor(tmp_path: Path, encoding: str) -> None:
    token, file = tmp_path / "token", tmp_path / "config.toml"
    token.write_bytes("abc.def\r\n".encode(encoding))
    file.write_bytes(f'[discord]\r\ntoken_file = "{token}"\r\n[models."zorro 🦊"]\r\nsource = "a/b"'.encode(encoding))
    config = replace(load(file), environment={})
    assert (config.token(), config.models[0].name) == ("abc.def", "zorro 🦊")


@pytest.mark.parametrize("text", ["", "\ufeff", "# nothing yet\n"])
def test_an_empty_config_holds_the_defaults(tmp_path: Path, text: str) -> None:
    assert load(written(tmp_path, text)) == Config()


@pytest.mark.parametrize("bytes_", [b"\xff\x00\x81", b"ab\x00\x00", b"\x89PNG\r\n\x1a\n"])
def test_a_file_that_is_no_text_is_to_be_saved_as_text(tmp_path: Path, bytes_: bytes) -> None:
    (file := tmp_path / "file").write_bytes(bytes_)
    with pytest.raises(ConfigError, match=r"file isn't a text file\. Save it as plain text in UTF-8\.$"):
        load(file)
    with pytest.raises(ConfigError, match=r"token_file isn't a text file\. Save it as plain text in UTF-8\.$"):
        Config(discord=DiscordConfig(token_file=str(file)), environment={}).token()


TOKENS = [
    "abc.def", "NOISEFOX_TOKEN=abc.def", "export NOISEFOX_TOKEN = 'abc.def' ", '"abc.def"', "DISCORD_TOKEN=abc.def",
    "export DISCORD_TOKEN='abc.def'", "NOISEFOX_TOKEN=abc.def # mine", 'DISCORD_TOKEN="abc.def"\t# "mine"',
    "abc.def # mine"]  # fmt: skip


@pytest.mark.parametrize("text", [*TOKENS, '# mine\n\nHOME=/x\nNOISEFOX_TOKEN="abc.def"\n'])
def test_a_token_is_found_in_what_people_save(tmp_path: Path, text: str) -> None:
    (file := tmp_path / "token").write_text(text)
    assert Config(discord=DiscordConfig(token_file=str(file)), environment={}).token() == "abc.def"
    assert Config(environment={"NOISEFOX_TOKEN": text}).token() == "abc.def"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty. Copy the token from the Bot page of your app."),
        (" \n\n", "is empty. Copy the token"),
        ("NOISEFOX_TOKEN=", "is empty. Copy the token"),
        ('NOISEFOX_TOKEN=""', "is empty. Copy the token"),
        ("abc.def\nabc.ghi", "has several lines. Keep only the token."),
        ("my token abc.def", "holds characters that no token has."),
        ("abc…", "holds characters that no token has. Keep only the token, with nothing around it."),
        ("OTHER_NAME=abc", "holds characters that no token has."),
        ("NOISEFOX_TOKEN= # abc", "is empty. Copy the token"),
        ('{"token": "abc.def"}', "holds characters that no token has."),
        ('{"token":"abc.def"}', "holds characters that no token has."),
        ("<abc.def>", "holds characters that no token has."),
        ("‹abc.def>", "holds characters that no token has."),
        ("`abc.def`", "holds characters that no token has."),
        ("abc.def;", "holds characters that no token has."),
    ],
)
def test_a_file_without_a_token_says_what_to_do(tmp_path: Path, text: str, sentence: str) -> None:
    (file := tmp_path / "token").write_text(text)
    with pytest.raises(ConfigError) as error:
        Config(discord=DiscordConfig(token_file=str(file)), environment={}).token()
    assert sentence in str(error.value)
    assert "abc" not in str(error.value)


@pytest.mark.parametrize(
    "line",
    ["NOISEFOX_TOKEN=abc", 'data = "x"\n NOISEFOX_TOKEN = "abc"', "export NOISEFOX_TOKEN=abc", "DISCORD_TOKEN=abc"],
)
def test_a_token_in_the_config_is_to_be_kept_elsewhere(tmp_path: Path, line: str) -> None:
    with pytest.raises(ConfigError, match="Don't write the token into the configuration file") as error:
        load(written(tmp_path, line))
    assert "abc" not in str(error.value)


@pytest.mark.parametrize(
    "section", ['[safety]\nchecker = "opennsfw"', '[models.a]\nsource = "pocket"\nsafety_checker = "opennsfw"']
)
def test_a_checker_that_is_not_installed_is_named_in_one_sentence(
    section: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(section)
    monkeypatch.setattr(reading, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r'"opennsfw" is not installed\. Run `pip install "noisefox\[nsfw\]"`'):
        load(file)
    monkeypatch.setattr(reading, "find_spec", lambda name: object())
    assert {each.safety_checker for each in load(file).catalogue} == {"opennsfw"}


EVERYTHING_WRONG = """
data = ""
speed = 3
[worker]
device = "gpu"
dtype = "float12"
threads = "two"
divice = "cpu"
[limits]
steps = 0
[models.pickled]
source = "model.ckpt"
vae = "vae.pt"
steps = 3000
[models.nameless]
preview = "tiny"
[loras.ink]
file = "nowhere.safetensors"
models = ["gone"]
[embeddings]
folder = "/nowhere"
"""


def test_all_mistakes_are_named_at_once_and_what_is_right_is_read(tmp_path: Path) -> None:
    text = EVERYTHING_WRONG + '[models.mine]\nsource = "a/b"\nsteps = 9'
    with pytest.raises(ConfigError) as error:
        load(written(tmp_path, text))
    first, *lines = str(error.value).splitlines()
    assert first == "These settings are wrong:"
    assert lines == [f"- {sentence}" for sentence in error.value.sentences]
    places = [re.split(r":? (?=[a-zA-Z\[])", line.removeprefix("- "))[0] for line in lines]
    assert sorted(places) == [
        *("data", "embeddings.folder", "limits.steps", "loras.ink.file", "loras.ink.models", "models.nameless"),
        *("models.nameless.preview_decoder", "models.pickled.source", "models.pickled.steps", "models.pickled.vae"),
        *("speed", "worker.device", "worker.divice", "worker.dtype", "worker.threads"),
    ]
    assert "worker.divice is not a setting. Did you mean device?" in error.value.sentences
    config, mistakes = read(tmp_path / "config.toml")
    assert mistakes.sentences == error.value.sentences
    assert [(model.name, model.steps) for model in config.models] == [("mine", 9)]


def test_the_config_of_the_current_folder_is_read_where_none_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert located(None) is None
    written(tmp_path, "")
    assert located(None) == Path("config.toml")
    assert located(Path("other.toml")) == Path("other.toml")


def test_the_model_that_edits_must_be_there_and_follow_instructions(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"edit_model: .models. has no model 'gone'\. Use one of: pocket\."):
        load(written(tmp_path, 'edit_model = "gone"'))
    with pytest.raises(ConfigError, match="edit_model: pocket doesn't change pictures as words say"):
        load(written(tmp_path, 'edit_model = "pocket"'))
    kontext = '\n[models.kontext]\nsource = "black-forest-labs/FLUX.1-Kontext-dev"'
    assert load(written(tmp_path, f'edit_model = "kontext"{kontext}')).catalogue.editor is not None


def test_word_lists_are_text_files(tmp_path: Path) -> None:
    (tmp_path / "lists" / "animals").mkdir(parents=True)
    (tmp_path / "lists" / "animals" / "Wild.txt").write_text("\ufefffox\n# none\n\n wolf \n" + "x" * 1001)
    (tmp_path / "lists" / "notes.md").write_text("no list")
    config = load(written(tmp_path, f'[wildcards]\nfolder = "{tmp_path / "lists"}"'))
    assert config.wildcards.read() == {"animals/wild": ("fox", "wolf")}
    (tmp_path / "lists" / "broken.txt").write_bytes(b"\xff\xfe\xfd")
    with pytest.raises(ConfigError, match=r"The word list .*broken\.txt isn't plain text. Save it in UTF-8"):
        load(written(tmp_path, f'[wildcards]\nfolder = "{tmp_path / "lists"}"'))
