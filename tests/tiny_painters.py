"""SDXL, Stable Diffusion 3, FLUX.1 and SANA-Sprint with random weights, made in code and saved: the real classes in the real layout, some
hundred kilobytes. Each is saved with a t2w.json that asks for two steps."""

import json
from pathlib import Path
from string import ascii_lowercase

import torch


def save_sdxl(folder: Path, **said: object) -> Path:
    from diffusers import EulerDiscreteScheduler, StableDiffusionXLPipeline, UNet2DConditionModel

    torch.manual_seed(0)
    unet = UNet2DConditionModel(
        sample_size=32,
        block_out_channels=(8, 16),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        layers_per_block=1,
        norm_num_groups=4,
        attention_head_dim=(2, 4),
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        transformer_layers_per_block=(1, 1),
        projection_class_embeddings_input_dim=64,  # 6 * 8 of sizes, 16 of words
        cross_attention_dim=32,
    )
    parts = {
        "vae": _autoencoder(),
        "text_encoder": _clip(projected=False),
        "text_encoder_2": _clip(),
        "tokenizer": _speller(),
        "tokenizer_2": _speller(),
        "scheduler": EulerDiscreteScheduler(),
    }
    return _save(StableDiffusionXLPipeline(**parts, unet=unet), folder, said)


def save_sd3(folder: Path, **said: object) -> Path:
    from diffusers import FlowMatchEulerDiscreteScheduler, SD3Transformer2DModel, StableDiffusion3Pipeline

    torch.manual_seed(0)
    transformer = SD3Transformer2DModel(
        sample_size=32,
        patch_size=1,
        in_channels=4,
        num_layers=1,
        attention_head_dim=8,
        num_attention_heads=4,
        joint_attention_dim=32,
        caption_projection_dim=32,
        pooled_projection_dim=32,
        out_channels=4,
        pos_embed_max_size=96,
    )
    parts = {
        "vae": _autoencoder(shift_factor=0.1, use_quant_conv=False, use_post_quant_conv=False),
        "text_encoder": _clip(),
        "text_encoder_2": _clip(),
        "text_encoder_3": _t5(32),
        "tokenizer": _speller(),
        "tokenizer_2": _speller(),
        "tokenizer_3": _t5_speller(),
        "scheduler": FlowMatchEulerDiscreteScheduler(),
    }
    return _save(StableDiffusion3Pipeline(**parts, transformer=transformer), folder, said)


def save_flux(folder: Path, **said: object) -> Path:
    from diffusers import FlowMatchEulerDiscreteScheduler, FluxPipeline, FluxTransformer2DModel

    torch.manual_seed(0)
    transformer = FluxTransformer2DModel(
        in_channels=16,  # 4 of the latent, in squares of 2 x 2
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=16,
        pooled_projection_dim=16,
        axes_dims_rope=(4, 4, 8),
    )
    parts = {
        "vae": _autoencoder(shift_factor=0.1, use_quant_conv=False, use_post_quant_conv=False),
        "text_encoder": _clip(projected=False),
        "text_encoder_2": _t5(16),
        "tokenizer": _speller(),
        "tokenizer_2": _t5_speller(),
        "scheduler": FlowMatchEulerDiscreteScheduler(),
    }
    return _save(FluxPipeline(**parts, transformer=transformer), folder, {"max_sequence_length": 32, "width": 80, "height": 48, **said})


def save_sana(folder: Path, **said: object) -> Path:
    from diffusers import AutoencoderDC, SanaSprintPipeline, SanaTransformer2DModel, SCMScheduler
    from transformers import Gemma2Config, Gemma2Model, GemmaTokenizer

    torch.manual_seed(0)
    words = ("<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "▁", *ascii_lowercase)
    reader = Gemma2Config(
        vocab_size=len(words), hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=1,
        head_dim=8, pad_token_id=0, eos_token_id=1, bos_token_id=2,
    )  # fmt: skip
    transformer = SanaTransformer2DModel(
        in_channels=4, out_channels=4, num_layers=1, num_attention_heads=2, attention_head_dim=4, num_cross_attention_heads=2,
        cross_attention_head_dim=4, cross_attention_dim=8, caption_channels=16, sample_size=2, patch_size=1, guidance_embeds=True,
        qk_norm="rms_norm_across_heads",
    )  # fmt: skip
    stages = {"block_types": ("ResBlock",) * 5 + ("EfficientViTBlock",), "block_out_channels": (8,) * 6, "layers_per_block": (1,) * 6}
    of_each = {f"{half}_{name}": value for half in ("encoder", "decoder") for name, value in stages.items()}
    scales = ((),) * 5 + ((5,),)
    autoencoder = AutoencoderDC(
        latent_channels=4, attention_head_dim=2, encoder_qkv_multiscales=scales, decoder_qkv_multiscales=scales, **of_each
    )
    pipeline = SanaSprintPipeline(GemmaTokenizer(vocab={word: i for i, word in enumerate(words)}, merges=[]), Gemma2Model(reader), autoencoder,
                                  transformer, SCMScheduler())  # fmt: skip
    short = {"use_resolution_binning": False, "complex_human_instruction": None, "max_sequence_length": 16}
    return _save(pipeline, folder, {**short, **said})


ALL = {"sdxl": save_sdxl, "sd3": save_sd3, "flux": save_flux, "sana": save_sana}


def save_lora(pipeline: Path, file: Path, part: str = "transformer", size: float = 0.5) -> Path:
    """A LoRA for the attention of a pipeline's network, under the names that peft and diffusers write."""
    from safetensors.torch import load_file, save_file

    generator, made = torch.Generator().manual_seed(1), {}
    for name, weight in load_file(pipeline / part / "diffusion_pytorch_model.safetensors").items():
        if name.endswith(("to_q.weight", "to_v.weight")):
            stem = f"{part}.{name.removesuffix('.weight')}"
            made[f"{stem}.lora_A.weight"] = size * torch.randn(2, weight.shape[1], generator=generator)
            made[f"{stem}.lora_B.weight"] = size * torch.randn(weight.shape[0], 2, generator=generator)
    save_file(made, file)
    return file


def _autoencoder(**more: object):
    from diffusers import AutoencoderKL

    down, up = ("DownEncoderBlock2D",) * 2, ("UpDecoderBlock2D",) * 2
    return AutoencoderKL(
        block_out_channels=(8, 8), down_block_types=down, up_block_types=up, norm_num_groups=4, sample_size=32, latent_channels=4, **more
    )


def _clip(projected: bool = True):
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    config = CLIPTextConfig(
        vocab_size=54, hidden_size=16, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2, max_position_embeddings=77,
        projection_dim=16, bos_token_id=52, eos_token_id=53,
    )  # fmt: skip
    return (CLIPTextModelWithProjection if projected else CLIPTextModel)(config)


def _speller():
    """A tokenizer of CLIP's that spells."""
    from transformers import CLIPTokenizer

    words = [*ascii_lowercase, *(f"{letter}</w>" for letter in ascii_lowercase), "<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(vocab={word: i for i, word in enumerate(words)}, merges=[], model_max_length=77)


def _t5(d: int):
    from transformers import T5Config, T5EncoderModel

    return T5EncoderModel(T5Config(vocab_size=32, d_model=d, d_kv=8, d_ff=16, num_layers=1, num_heads=2))


def _t5_speller():
    from transformers import T5Tokenizer

    words = ("<pad>", "</s>", "<unk>", "▁", *ascii_lowercase)
    return T5Tokenizer(vocab=[(word, -float(i)) for i, word in enumerate(words)], extra_ids=0)


def _save(pipeline, folder: Path, said: dict) -> Path:
    pipeline.save_pretrained(folder)
    (folder / "t2w.json").write_text(json.dumps({"num_inference_steps": 2, **said}))
    return folder
