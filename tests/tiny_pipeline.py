"""A text-to-image pipeline of diffusers with random weights, made in code and saved: real classes, some kilobytes."""

import json
from pathlib import Path
from string import ascii_lowercase


def save(folder: Path) -> None:
    """A StableDiffusionPipeline of 16 x 16 pixels, and the settings it is to be called with."""
    from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel

    down, up = ("DownEncoderBlock2D",) * 2, ("UpDecoderBlock2D",) * 2
    vae = AutoencoderKL(block_out_channels=(8, 8), down_block_types=down, up_block_types=up, norm_num_groups=4, sample_size=16)
    unet = UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(8, 8),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        layers_per_block=1,
        norm_num_groups=4,
        cross_attention_dim=16,
        attention_head_dim=4,
    )
    reader, tokenizer = _reader(folder)
    parts = {
        "vae": vae,
        "unet": unet,
        "text_encoder": reader,
        "tokenizer": tokenizer,
        "scheduler": DDIMScheduler(steps_offset=1, clip_sample=False),
    }
    pipeline = StableDiffusionPipeline(**parts, safety_checker=None, feature_extractor=None, requires_safety_checker=False)
    pipeline.save_pretrained(folder)
    (folder / "t2w.json").write_text('{"num_inference_steps": 2}')


def _reader(folder: Path):
    """A text encoder and a tokenizer that spells."""
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    words = [*ascii_lowercase, *(f"{letter}</w>" for letter in ascii_lowercase), "<|startoftext|>", "<|endoftext|>"]
    files = folder / "words"
    files.mkdir(parents=True)
    (files / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(words)}))
    (files / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = CLIPTokenizer(str(files / "vocab.json"), str(files / "merges.txt"), model_max_length=16)
    config = CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=16,
        bos_token_id=words.index("<|startoftext|>"),
        eos_token_id=words.index("<|endoftext|>"),
    )
    return CLIPTextModel(config), tokenizer
