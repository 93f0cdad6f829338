"""Tiny random models that look at pictures, saved as the hub has them."""

from pathlib import Path

import torch
from transformers import (
    BertTokenizer,
    BlipConfig,
    BlipForConditionalGeneration,
    BlipImageProcessorPil,
    BlipProcessor,
    CLIPSegConfig,
    CLIPSegForImageSegmentation,
    CLIPSegProcessor,
    CLIPTokenizer,
    DepthAnythingConfig,
    DepthAnythingForDepthEstimation,
    Dinov2Config,
    DPTImageProcessorPil,
    SegformerConfig,
    SegformerForSemanticSegmentation,
    SegformerImageProcessorPil,
    ViTImageProcessorPil,
    VitPoseBackboneConfig,
    VitPoseConfig,
    VitPoseForPoseEstimation,
    VitPoseImageProcessorPil,
    YolosConfig,
    YolosForObjectDetection,
    YolosImageProcessorPil,
)

from generation.catalogue import POCKET_DIRECTORY

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "red", "fox", "hat", "on", "grass", "in", "snow", "small")


def segmenter(folder: Path) -> Path:
    """A CLIPSeg."""
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    tokenizer = CLIPTokenizer.from_pretrained(POCKET_DIRECTORY / "tokenizer")
    config = CLIPSegConfig(
        text_config=sizes | {"vocab_size": len(tokenizer), "eos_token_id": tokenizer.eos_token_id},
        vision_config=sizes | {"image_size": 32, "patch_size": 8},
        projection_dim=16,
        extract_layers=[0, 1],
        reduce_dim=16,
        decoder_num_attention_heads=2,
        decoder_intermediate_size=16,
    )
    CLIPSegForImageSegmentation(config).save_pretrained(folder)
    images = ViTImageProcessorPil(size={"height": 32, "width": 32})
    CLIPSegProcessor(images, tokenizer).save_pretrained(folder)
    return folder


def captioner(folder: Path) -> Path:
    """A BLIP that knows a few words."""
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    special = {"bos_token_id": 2, "eos_token_id": 3, "sep_token_id": 3, "pad_token_id": 0}
    config = BlipConfig(
        text_config=sizes | special | {"vocab_size": len(WORDS), "encoder_hidden_size": 32},
        vision_config=sizes | {"image_size": 32, "patch_size": 8},
        projection_dim=16,
        image_text_hidden_size=16,
    )
    BlipForConditionalGeneration(config).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(WORDS))
    tokenizer = BertTokenizer(str(folder / "vocab.txt"))
    BlipProcessor(BlipImageProcessorPil(size={"height": 32, "width": 32}), tokenizer).save_pretrained(folder)
    return folder


def depth(folder: Path, *, metric: bool = False) -> Path:
    """A Depth Anything, which tells distances if it is `metric`."""
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_attention_heads": 2, "num_hidden_layers": 2}
    backbone = Dinov2Config(
        **sizes, image_size=28, patch_size=14, out_features=["stage1", "stage2"], reshape_hidden_states=False
    )
    config = DepthAnythingConfig(
        backbone_config=backbone,
        reassemble_hidden_size=16,
        reassemble_factors=[2, 1],
        neck_hidden_sizes=[8, 8],
        fusion_hidden_size=8,
        head_hidden_size=8,
        patch_size=14,
        depth_estimation_type="metric" if metric else "relative",
        max_depth=1,
    )
    DepthAnythingForDepthEstimation(config).save_pretrained(folder)
    DPTImageProcessorPil(size={"height": 56, "width": 56}, ensure_multiple_of=14).save_pretrained(folder)
    return folder


def pose(folder: Path) -> Path:
    """A ViTPose."""
    torch.manual_seed(0)
    backbone = VitPoseBackboneConfig(
        image_size=[32, 16], patch_size=[8, 8], hidden_size=16, num_hidden_layers=1, num_attention_heads=2
    )
    VitPoseForPoseEstimation(VitPoseConfig(backbone_config=backbone, num_labels=17)).save_pretrained(folder)
    VitPoseImageProcessorPil(size={"height": 32, "width": 16}).save_pretrained(folder)
    return folder


def background(folder: Path, labels: tuple[str, ...] = ("background", "person")) -> Path:
    """A SegFormer with some classes."""
    torch.manual_seed(0)
    config = SegformerConfig(
        num_encoder_blocks=2,
        depths=[1, 1],
        sr_ratios=[2, 1],
        hidden_sizes=[8, 8],
        patch_sizes=[3, 3],
        strides=[2, 2],
        num_attention_heads=[1, 1],
        mlp_ratios=[1, 1],
        decoder_hidden_size=8,
        id2label=dict(enumerate(labels)),
    )
    SegformerForSemanticSegmentation(config).save_pretrained(folder)
    SegformerImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


def detector(folder: Path, labels: tuple[str, ...] = ("face",)) -> Path:
    """A YOLOS with some classes, sure of all that it sees."""
    torch.manual_seed(0)
    config = YolosConfig(
        hidden_size=32,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=[32, 32],
        patch_size=8,
        num_detection_tokens=5,
        use_mid_position_embeddings=False,
        id2label=dict(enumerate(labels)),
    )
    network = YolosForObjectDetection(config)
    network.class_labels_classifier.layers[-1].bias.data[0] = 10.0
    network.save_pretrained(folder)
    YolosImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder
