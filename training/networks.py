"""The networks of the small model: their sizes, and how the autoencoder starts.

Sizes at 128x128 pixels: latents (8, 16, 16), text (32 tokens, 256 wide), UNet at 16x16, 8x8 and 4x4.
"""

from __future__ import annotations

import torch
from diffusers import AutoencoderTiny, UNet2DConditionModel
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

LATENT_CHANNELS = 8
FACTOR = 8
TOKENS = 32
TEXT_WIDTH = 256


def half_where_fast() -> torch.autocast:
    """Compute in bfloat16 on processors that have it; others would take many times as long to imitate it as float32."""
    return torch.autocast("cpu", torch.bfloat16, enabled=torch.ops.mkldnn._is_mkldnn_bf16_supported())


def autoencoder(
    width: int = 64, encoder: tuple[int, ...] = (0, 1, 2, 3), decoder: tuple[int, ...] = (3, 2, 1, 0)
) -> AutoencoderTiny:
    """A convolutional autoencoder from pixels (B, 3, H, W) in -1..1 to latents (B, 8, H/8, W/8) and back.

    ``encoder`` and ``decoder`` are residual blocks at full, half, quarter and eighth size (the decoder's in reverse).
    """
    model: AutoencoderTiny = AutoencoderTiny(
        encoder_block_out_channels=(width,) * 4,
        decoder_block_out_channels=(width,) * 4,
        latent_channels=LATENT_CHANNELS,
        num_encoder_blocks=encoder,
        num_decoder_blocks=decoder,
        scaling_factor=1.0,
        force_upcast=False,
    )
    start_as_average(model)
    return model


def text_encoder(tokenizer: CLIPTokenizer, layers: int = 4) -> CLIPTextModel:
    """A CLIP text transformer: token numbers (B, 32) to embeddings (B, 32, 256).

    Token embeddings start far apart (deviation 0.5, where CLIP's 0.02 leaves all captions nearly alike to the UNet).
    """
    model = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=TEXT_WIDTH,
            intermediate_size=4 * TEXT_WIDTH,
            num_hidden_layers=layers,
            num_attention_heads=4,
            max_position_embeddings=TOKENS,
            projection_dim=TEXT_WIDTH,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
    nn.init.normal_(model.get_input_embeddings().weight, std=0.5)
    return model


def text_states(model: CLIPTextModel, tokens: torch.Tensor, clip_skip: int = 1) -> torch.Tensor:
    """Embeddings (B, 32, 256) after the last layer (clip skip 1) or the one before (2), final norm applied."""
    if clip_skip == 1:
        last: torch.Tensor = model(input_ids=tokens).last_hidden_state
        return last
    states = model(input_ids=tokens, output_hidden_states=True).hidden_states
    inner = getattr(model, "text_model", model)
    earlier: torch.Tensor = inner.final_layer_norm(states[-clip_skip])
    return earlier


def unet(widths: tuple[int, int, int] = (64, 160, 256)) -> UNet2DConditionModel:
    """The denoiser: latents (B, 8, H/8, W/8), timesteps (B,), text (B, 32, 256) to a velocity like the latents.

    Cross attention at half and quarter size. A summary of the text also joins the time embedding
    (``addition_embed_type="text"``), which makes it follow the prompt much sooner.
    """
    model: UNet2DConditionModel = UNet2DConditionModel(
        sample_size=16,
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        layers_per_block=1,
        block_out_channels=widths,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=TEXT_WIDTH,
        attention_head_dim=4,
        norm_num_groups=16,
        use_linear_projection=True,
        addition_embed_type="text",
        addition_embed_type_num_heads=4,
    )
    return model


def pass_through(convolution: nn.Conv2d, rows: int, kernel: torch.Tensor) -> None:
    """Make the first ``rows`` output channels the like-numbered input channels filtered by ``kernel`` (3, 3)."""
    convolution.weight[:rows] = 0
    for row in range(rows):
        convolution.weight[row, row] = kernel
    if convolution.bias is not None:
        convolution.bias[:rows] = 0


@torch.no_grad()
def start_as_average(model: AutoencoderTiny) -> None:
    """Start where the encoder averages 8x8 pixels and the decoder repeats them.

    A deep random start spends its first quarter of an hour getting here. The first three channels carry the colours
    down; the decoder, whose activations cannot be negative, carries each latent as a pair of opposite signs.
    """
    binomial = torch.tensor([0.25, 0.5, 0.25])
    blur, one = torch.outer(binomial, binomial), torch.zeros(3, 3)
    one[1, 1] = 1
    encoder, decoder = list(model.encoder.layers), list(model.decoder.layers)
    down = [layer for layer in encoder if isinstance(layer, nn.Conv2d)]
    up = [layer for layer in decoder if isinstance(layer, nn.Conv2d)]
    for block in encoder + decoder:
        if hasattr(block, "fuse"):
            last = block.conv[-1]
            last.weight *= 0.5
            last.weight[: 2 * LATENT_CHANNELS] = 0
            last.bias[: 2 * LATENT_CHANNELS] = 0
    for layer in down[:-1]:
        pass_through(layer, 3, blur if layer.stride[0] == 2 else one)
    down[-1].weight[:3] *= 0.1
    up[-1].weight *= 0.1
    nn.init.constant_(up[-1].bias, 0.75)  # type: ignore[arg-type]
    for layer in up[1:-1]:
        pass_through(layer, 2 * LATENT_CHANNELS, one)
    up[0].weight[: 2 * LATENT_CHANNELS] = 0
    nn.init.zeros_(up[0].bias)  # type: ignore[arg-type]
    for channel in range(LATENT_CHANNELS):
        up[0].weight[channel, channel] = one
        up[0].weight[LATENT_CHANNELS + channel, channel] = -one
    for channel in range(3):
        down[-1].weight[channel, channel] += one
        up[-1].weight[channel, channel] += 0.3 * one
        up[-1].weight[channel, LATENT_CHANNELS + channel] -= 0.3 * one


def millions(model: nn.Module) -> float:
    """Parameters in millions."""
    return sum(parameter.numel() for parameter in model.parameters()) / 1e6
