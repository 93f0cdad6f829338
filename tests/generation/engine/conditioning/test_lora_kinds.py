"""Each kind of change, merged and beside a layer, against weights that are merged by hand."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from diffusers.hooks import apply_group_offloading, apply_layerwise_casting
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch.nn.functional import conv2d, linear

from generation.engine.conditioning import lora_names, lora_network
from generation.engine.conditioning.lora_adapters import LoraAdapters
from generation.errors import LoraUnavailable
from generation.loras import Lora, Loras, LoraSpec

Array = NDArray[Any]

SCALE = 0.7
OWN = (Lora("style", SCALE),)
ROWS, COLUMNS, RANK, SIDE = 8, 6, 2, 3


class Net(torch.nn.Module):
    """One layer of each kind."""

    config: dict[str, Any] = {}  # noqa: RUF012 - as networks of diffusers have it

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.to_q = torch.nn.Linear(COLUMNS, ROWS)
        self.conv = torch.nn.Conv2d(COLUMNS, ROWS, SIDE, stride=2, padding=1)
        self.norm = torch.nn.LayerNorm(ROWS)


def random(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape) + len(shape)))


def lengths(weight: Array, axis: int) -> Array:
    """The lengths of the rows (0) or the columns (1) of weights, in a shape that divides them."""
    others = tuple(each for each in range(weight.ndim) if each != axis)
    found: Array = numpy.sqrt((weight**2).sum(axis=others, keepdims=True))
    return found


CORE = (RANK, RANK, SIDE, SIDE)
LOW_RANK = {"lora_down.weight": random(RANK, COLUMNS), "lora_up.weight": random(ROWS, RANK)}
CONVOLUTION = {"lora_down.weight": random(RANK, COLUMNS, SIDE, SIDE), "lora_up.weight": random(ROWS, RANK, 1, 1)}
TUCKER = {
    "lora_down.weight": random(RANK, COLUMNS, 1, 1),
    "lora_mid.weight": random(*CORE),
    "lora_up.weight": random(ROWS, RANK, 1, 1),
}
LOHA = {
    "hada_w1_a": random(ROWS, RANK),
    "hada_w1_b": random(RANK, COLUMNS),
    "hada_w2_a": random(ROWS, RANK) + 1,
    "hada_w2_b": random(RANK, COLUMNS) - 1,
}
LOHA_TUCKER = {
    "hada_t1": random(*CORE),
    "hada_w1_a": random(RANK, ROWS),
    "hada_w1_b": random(RANK, COLUMNS),
    "hada_t2": random(*CORE) + 1,
    "hada_w2_a": random(RANK, ROWS) - 1,
    "hada_w2_b": random(RANK, COLUMNS) + 2,
}
LOKR_WHOLE = {"lokr_w1": random(2, 3), "lokr_w2": random(4, 2)}
LOKR_LOW = {"lokr_w1_a": random(2, RANK), "lokr_w1_b": random(RANK, 3), "lokr_w2": random(4, 2)}
LOKR_TUCKER = {
    "lokr_w1": random(2, 3),
    "lokr_t2": random(*CORE),
    "lokr_w2_a": random(RANK, 4),
    "lokr_w2_b": random(RANK, 2),
}
ALPHA = {"alpha": torch.tensor(3.0)}
FACTOR = 3.0 / RANK


def of(tensors: dict[str, torch.Tensor], *names: str) -> list[Array]:
    return [tensors[name].double().numpy() for name in names]


def product(tensors: dict[str, torch.Tensor]) -> Array:
    down, up = of(tensors, "lora_down.weight", "lora_up.weight")
    shape = (len(up), *down.shape[1:])
    made: Array = (up.reshape(len(up), -1) @ down.reshape(len(down), -1)).reshape(shape)
    return made


def tucker(_: Array) -> Array:
    down, mid, up = of(TUCKER, "lora_down.weight", "lora_mid.weight", "lora_up.weight")
    made: Array = numpy.tensordot(numpy.tensordot(up[..., 0, 0], mid, (1, 0)), down[..., 0, 0], (1, 0))
    return made.transpose(0, 3, 1, 2)


def core_of(tensors: dict[str, torch.Tensor], core: str, a: str, b: str) -> Array:
    middle, rows, columns = of(tensors, core, a, b)
    made = numpy.zeros((rows.shape[1], columns.shape[1], SIDE, SIDE))
    for i in range(RANK):
        for j in range(RANK):
            made += numpy.multiply.outer(numpy.outer(rows[i], columns[j]), middle[i, j])
    return made


def loha(_: Array) -> Array:
    a, b, c, d = of(LOHA, "hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b")
    made: Array = (a @ b) * (c @ d)
    return made


def loha_tucker(_: Array) -> Array:
    first = core_of(LOHA_TUCKER, "hada_t1", "hada_w1_a", "hada_w1_b")
    return first * core_of(LOHA_TUCKER, "hada_t2", "hada_w2_a", "hada_w2_b")


def lokr_low(_: Array) -> Array:
    a, b, second = of(LOKR_LOW, "lokr_w1_a", "lokr_w1_b", "lokr_w2")
    return numpy.block([[each * second for each in row] for row in a @ b])


def lokr_tucker(_: Array) -> Array:
    [first] = of(LOKR_TUCKER, "lokr_w1")
    second = core_of(LOKR_TUCKER, "lokr_t2", "lokr_w2_a", "lokr_w2_b")
    return numpy.concatenate([numpy.concatenate([each * second for each in row], 1) for row in first], 0)


def dora(change: Array, magnitude: torch.Tensor, axis: int) -> Callable[[Array], Array]:
    def made(weight: Array) -> Array:
        changed = weight + change
        wanted = magnitude.double().numpy().reshape(lengths(changed, axis).shape)
        scaled: Array = changed * wanted / lengths(changed, axis)
        return scaled - weight

    return made


ROW_LENGTHS, COLUMN_LENGTHS = random(ROWS, 1).abs(), random(1, COLUMNS).abs()

Kind = tuple[str, dict[str, torch.Tensor], Callable[[Array], Array]]

KINDS: dict[str, Kind] = {
    "LoRA": ("to_q", LOW_RANK | ALPHA, lambda _: FACTOR * product(LOW_RANK)),
    "LoRA without alpha": ("to_q", LOW_RANK, lambda _: product(LOW_RANK)),
    "LoCon": ("conv", CONVOLUTION | ALPHA, lambda _: FACTOR * product(CONVOLUTION)),
    "LoCon by Tucker": ("conv", TUCKER, tucker),
    "LoHa": ("to_q", LOHA | ALPHA, lambda weight: FACTOR * loha(weight)),
    "LoHa by Tucker": ("conv", LOHA_TUCKER, loha_tucker),
    "LoKr": ("to_q", LOKR_WHOLE | ALPHA, lambda _: numpy.kron(*of(LOKR_WHOLE, "lokr_w1", "lokr_w2"))),
    "LoKr of low rank": ("to_q", LOKR_LOW | ALPHA, lambda weight: FACTOR * lokr_low(weight)),
    "LoKr by Tucker": ("conv", LOKR_TUCKER, lokr_tucker),
    "difference": ("to_q", {"diff": random(ROWS, COLUMNS)}, lambda _: random(ROWS, COLUMNS).double().numpy()),
    "IA3 of rows": (
        "to_q",
        {"weight": random(ROWS, 1), "on_input": torch.tensor(False)},
        lambda weight: weight * random(ROWS, 1).double().numpy(),
    ),
    "IA3 of columns": (
        "conv",
        {"weight": random(1, COLUMNS), "on_input": torch.tensor(True)},
        lambda weight: weight * random(1, COLUMNS).double().numpy()[..., None, None],
    ),
    "IA3 by peft": ("to_q", {"ia3_l": random(ROWS, 1)}, lambda weight: weight * (random(ROWS, 1).double().numpy() - 1)),
    "DoRA": ("to_q", LOW_RANK | {"dora_scale": ROW_LENGTHS}, dora(product(LOW_RANK), ROW_LENGTHS, 0)),
    "DoRA by peft": (
        "conv",
        CONVOLUTION | {"lora_magnitude_vector": ROW_LENGTHS.reshape(1, -1, 1, 1)},
        dora(product(CONVOLUTION), ROW_LENGTHS, 0),
    ),
    "DoRA of columns": (
        "conv",
        CONVOLUTION | {"dora_scale": COLUMN_LENGTHS[..., None, None]},
        dora(product(CONVOLUTION), COLUMN_LENGTHS, 1),
    ),
    "DoRA of a LoKr": (
        "to_q",
        LOKR_LOW | {"dora_scale": COLUMN_LENGTHS},
        lambda weight: dora(lokr_low(weight), COLUMN_LENGTHS, 1)(weight),
    ),
}


def adapters(net: Any, tmp_path: Path, tensors: dict[str, torch.Tensor], **metadata: str) -> LoraAdapters:
    save_file(tensors, tmp_path / "style.safetensors", metadata)
    loras = Loras([LoraSpec("style", tmp_path / "style.safetensors")])
    return LoraAdapters("m", {lora_names.UNET: net}, loras, torch.device("cpu"), torch.float32)


def weight_of(net: Net, layer: str) -> torch.Tensor:
    weight = net.get_submodule(layer).weight
    assert isinstance(weight, torch.Tensor)
    return weight


def changed(kind: Kind, net: Net) -> torch.Tensor:
    """The layer's weights with the change merged by hand."""
    layer, _, change = kind
    weight = weight_of(net, layer).detach().double()
    return (weight + SCALE * torch.from_numpy(change(weight.numpy()))).float()


def named(kind: Kind) -> dict[str, torch.Tensor]:
    layer, tensors, _ = kind
    return {f"lora_unet_{layer}.{name}": tensor for name, tensor in tensors.items()}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_change_is_merged_by_its_formula(kind: Kind, tmp_path: Path) -> None:
    net = Net()
    weight = weight_of(net, kind[0])
    own, expected = weight.detach().clone(), changed(kind, net)
    applied = adapters(net, tmp_path, named(kind))
    applied.apply_to_unet(OWN)
    assert abs(expected - own).max() > 0.1, "the file changes nothing"
    assert torch.allclose(weight, expected, atol=1e-5)
    applied.apply_to_unet(())
    assert torch.equal(weight, own)


def given_to(layer: str) -> torch.Tensor:
    return random(5, COLUMNS) if layer == "to_q" else random(2, COLUMNS, 7, 7)


def by_hand(net: Net, layer: str, weight: torch.Tensor) -> torch.Tensor:
    if layer == "to_q":
        return linear(given_to(layer), weight, net.to_q.bias)
    return conv2d(given_to(layer), weight, net.conv.bias, stride=2, padding=1)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@torch.inference_mode()
def test_beside_a_layer_it_gives_the_same(kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is merged, and the layer is left as it was."""
    monkeypatch.setattr(lora_network, "MERGED_BYTES", 0)
    monkeypatch.setattr(lora_network, "SMALL_BYTES", -1)
    net, layer = Net(), kind[0]
    own, before = weight_of(net, layer).clone(), net.get_submodule(layer)(given_to(layer))
    applied = adapters(net, tmp_path, named(kind))
    applied.apply_to_unet(OWN)
    expected = by_hand(net, layer, changed(kind, net))
    assert torch.allclose(net.get_submodule(layer)(given_to(layer)), expected, atol=1e-4)
    assert torch.equal(weight_of(net, layer), own)
    applied.apply_to_unet(())
    assert torch.equal(net.get_submodule(layer)(given_to(layer)), before)


class Packed(torch.nn.Linear):
    """Weights of 8 bits with one scale, as quantised layers hold them: no numbers that could be summed."""

    def __init__(self, like: torch.nn.Linear) -> None:
        super().__init__(like.in_features, like.out_features)
        self.bias = like.bias
        self.scale = like.weight.abs().max() / 127
        self.weight = torch.nn.Parameter((like.weight / self.scale).round().to(torch.int8).flatten(), False)

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        return linear(given, self.weight.reshape(self.out_features, -1) * self.scale, self.bias)


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind[0] == "to_q"])
@torch.inference_mode()
def test_quantised_weights_stay_as_they_are(name: str, tmp_path: Path) -> None:
    kind, net = KINDS[name], Net()
    packed = net.to_q = Packed(net.to_q)
    restored = Net()
    restored.to_q.weight.data = packed.weight.reshape(ROWS, COLUMNS) * packed.scale
    applied = adapters(net, tmp_path, named(kind))
    applied.apply_to_unet(OWN)
    expected = by_hand(restored, "to_q", changed(kind, restored))
    assert torch.allclose(net.to_q(given_to("to_q")), expected, atol=1e-4)
    assert packed.weight.dtype == torch.int8


def test_a_bias_is_changed_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tensors = {"diffusion_model.to_q.diff_b": random(ROWS), "diffusion_model.conv.diff_b": random(ROWS)}
    for most in (2**20, -1):
        monkeypatch.setattr(lora_network, "MERGED_BYTES", most)
        monkeypatch.setattr(lora_network, "SMALL_BYTES", most)
        net = Net()
        before = net.to_q(given_to("to_q")), net.conv(given_to("conv"))
        adapters(net, tmp_path, tensors).apply_to_unet(OWN)
        wanted = before[0] + SCALE * random(ROWS), before[1] + SCALE * random(ROWS).reshape(-1, 1, 1)
        assert torch.allclose(net.to_q(given_to("to_q")), wanted[0], atol=1e-5)
        assert torch.allclose(net.conv(given_to("conv")), wanted[1], atol=1e-5)


def test_norms_are_changed(tmp_path: Path) -> None:
    net = Net()
    tensors = {"lora_unet_norm.w_norm": random(ROWS), "lora_unet_norm.b_norm": 2 * random(ROWS)}
    adapters(net, tmp_path, tensors).apply_to_unet(OWN)
    assert torch.allclose(net.norm.weight, 1 + SCALE * random(ROWS))
    assert torch.allclose(net.norm.bias, SCALE * 2 * random(ROWS))


@torch.inference_mode()
def test_weights_that_are_streamed_in_or_kept_in_8_bits_stay_where_they_are(tmp_path: Path) -> None:
    kind = KINDS["DoRA"]
    streamed, cast = Net(), Net()
    apply_group_offloading(streamed, torch.device("cpu"), offload_type="leaf_level")
    apply_layerwise_casting(cast, torch.float8_e4m3fn, torch.float32)
    rounded = Net()
    rounded.to_q.weight.data = rounded.to_q.weight.to(torch.float8_e4m3fn).float()
    rounded.to_q.bias.data = rounded.to_q.bias.to(torch.float8_e4m3fn).float()
    for net, like in ((streamed, Net()), (cast, rounded)):
        applied = adapters(net, tmp_path, named(kind))
        before = net.to_q(given_to("to_q"))
        applied.apply_to_unet(OWN)
        expected = by_hand(like, "to_q", changed(kind, like))
        assert torch.allclose(net.to_q(given_to("to_q")), expected, atol=1e-4)
        applied.apply_to_unet(())
        assert torch.equal(net.to_q(given_to("to_q")), before)
    with pytest.raises(LoraUnavailable, match="norm can't be changed in a model that is streamed in"):
        adapters(streamed, tmp_path, {"lora_unet_norm.w_norm": random(ROWS)}).apply_to_unet(OWN)


def test_large_networks_keep_one_copy_of_their_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside a layer only the factors are kept, in the network's number format."""
    monkeypatch.setattr(lora_network, "MERGED_BYTES", 100)
    monkeypatch.setattr(lora_network, "SMALL_BYTES", 100)
    net = Net()
    applied = adapters(net, tmp_path, named(KINDS["LoRA"]))
    applied.apply_to_unet(OWN)
    [ready] = applied._networks[lora_names.UNET]._ready.values()
    assert ready.nbytes == sum(each.nbytes for each in LOW_RANK.values())


def test_a_compiled_network_is_not_compiled_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is merged leaves its code as it is."""
    monkeypatch.setattr(lora_network, "MERGED_BYTES", 0)
    monkeypatch.setattr(lora_network, "SMALL_BYTES", -1)
    net = Net()
    net.conv.compile(backend="eager")
    expected = changed(KINDS["LoRA"], net)
    adapters(net, tmp_path, named(KINDS["LoRA"])).apply_to_unet(OWN)
    assert torch.allclose(net.to_q.weight, expected, atol=1e-5)
    assert "forward" not in vars(net.to_q)


def test_two_files_at_once_and_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Merged or not, a DoRA is of the network's own weights, whatever else is applied."""
    for most in (2**20, -1):
        monkeypatch.setattr(lora_network, "MERGED_BYTES", most)
        monkeypatch.setattr(lora_network, "SMALL_BYTES", most)
        net = Net()
        specs = []
        for name in ("LoRA", "DoRA"):
            save_file(named(KINDS[name]), file := tmp_path / f"{name}.safetensors")
            specs.append(LoraSpec(name, file))
        both = LoraAdapters("m", {lora_names.UNET: net}, Loras(specs), torch.device("cpu"), torch.float32)
        own = net.to_q.weight.detach().clone()
        expected = changed(KINDS["LoRA"], net) + changed(KINDS["DoRA"], net) - own
        both.apply_to_unet((Lora("lora", SCALE),))
        both.apply_to_unet((Lora("dora", SCALE), Lora("lora", SCALE)))
        assert torch.allclose(net.to_q(given_to("to_q")), by_hand(net, "to_q", expected), atol=1e-4)


@pytest.mark.parametrize(
    ("tensors", "reason"),
    [
        ({"to_q.lora_down.weight": random(RANK, COLUMNS)}, "one half of a pair is missing"),
        ({"to_q.hada_w1_a": random(ROWS, RANK)}, "it has hada_w1_a, which isn't a whole LoRA"),
        ({"to_q.lokr_w1": random(2, 3)}, "a factor is missing"),
        ({"to_q.lokr_w1": random(2, 3), "to_q.lokr_w2": random(3, 3)}, r"\(6, 9\) is not \(8, 6\)"),
        ({"to_q.dora_scale": random(ROWS, 1)}, "one half of a pair is missing"),
        ({"to_q.diff": random(COLUMNS, ROWS)}, r"\(6, 8\) is not \(8, 6\)"),
        ({"to_q.weight": random(5, 1), "to_q.on_input": torch.tensor(False)}, "does not scale"),
        ({"to_q.weight": random(ROWS, COLUMNS)}, "it has weight, which isn't a whole LoRA"),
        ({"to_q.oft_blocks": random(2, 2, 2)}, "it is a OFT, which is not supported"),
        ({"to_q.something": random(2)}, "isn't part of a LoRA"),
        ({"to_z.diff": random(2)}, "has no to_z"),
    ],
)
def test_what_is_wrong_is_said(tensors: dict[str, torch.Tensor], reason: str, tmp_path: Path) -> None:
    with pytest.raises(LoraUnavailable, match=reason):
        adapters(Net(), tmp_path, tensors).apply_to_unet(OWN)


@pytest.mark.parametrize(
    ("told", "factor"),
    [
        ('{"unet.lora_alpha": 6}', 3.0),
        ('{"unet.lora_alpha": "6"}', 3.0),
        ('{"unet.lora_alpha": null}', 1.0),
        ('{"unet.lora_alpha": "auto", "unet.use_dora": true}', 1.0),
        ('{"unet.lora_alpha": [6]}', 1.0),
        ('{"unet.lora_alpha": NaN}', 1.0),
        ('{"unet.lora_alpha": 6, "unet.use_rslora": true}', 6 / RANK**0.5),
        ('{"unet.lora_alpha": 6, "unet.alpha_pattern": {"to_q": 4}}', 2.0),
        ('{"unet.lora_alpha": 6, "unet.alpha_pattern": {"to_k": 4}}', 3.0),
        ('{"text_encoder.lora_alpha": 6}', 1.0),
        ("[1, 2]", 1.0),
        ("not JSON", 1.0),
    ],
)
def test_odd_settings_in_a_header_are_no_error(told: str, factor: float, tmp_path: Path) -> None:
    net = Net()
    own = net.to_q.weight.detach().clone()
    tensors = {"unet.to_q.lora_A.weight": random(RANK, COLUMNS), "unet.to_q.lora_B.weight": random(ROWS, RANK)}
    applied = adapters(net, tmp_path, tensors, lora_adapter_metadata=told)
    applied.apply_to_unet(OWN)
    change = SCALE * factor * random(ROWS, RANK) @ random(RANK, COLUMNS)
    assert torch.allclose(net.to_q.weight, own + change, atol=1e-5)
