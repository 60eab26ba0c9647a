"""SANA-WM, its refiner and Cosmos 3 with random weights, made in code and saved: the real classes in the real layout, some hundred kilobytes."""

import json
from pathlib import Path
from string import ascii_lowercase

SIDE = 64  # pixels: two latent ones
SANA = {"width": SIDE, "height": SIDE, "num_inference_steps": 2}
COSMOS = {"width": SIDE, "height": 48, "num_inference_steps": 2, "resolution_tier": 256, "speed": 1.0}
OLD = {"_class_name": "Cosmos3OmniDiffusersPipeline"}  # as the first checkpoints call it


def save_sana(folder: Path, **said: object) -> Path:
    """A SanaWMPipeline, and a t2w.json that asks for pictures of 64 x 64 in two steps."""
    import torch
    from diffusers import AutoencoderKLLTX2Video, FlowMatchEulerDiscreteScheduler, SanaWMPipeline, SanaWMTransformer3DModel
    from transformers import Gemma2Config, Gemma2ForCausalLM

    torch.manual_seed(0)
    tokenizer = _speller()
    reader = Gemma2Config(**_reader(len(tokenizer)), attn_logit_softcapping=None, max_position_embeddings=2048)
    autoencoder = AutoencoderKLLTX2Video(
        latent_channels=8,
        block_out_channels=(8, 8, 8, 8),
        decoder_block_out_channels=(8, 16, 32),
        layers_per_block=(1,) * 5,
        decoder_layers_per_block=(1,) * 4,
        spatial_compression_ratio=32,
        temporal_compression_ratio=8,
    )
    transformer = SanaWMTransformer3DModel(
        in_channels=8,
        num_layers=2,
        hidden_size=32,
        num_attention_heads=2,
        linear_head_dim=16,
        softmax_every_n=2,
        caption_channels=16,
        chunk_plucker_post_attn_blocks=2,
    )
    for weight in transformer.parameters():
        if not weight.any():  # what training begins at zero: the camera would not be seen
            torch.nn.init.normal_(weight, std=0.1)
    pipeline = SanaWMPipeline(tokenizer, Gemma2ForCausalLM(reader), autoencoder, transformer, FlowMatchEulerDiscreteScheduler())
    return _save(pipeline, folder, SANA | said, tokenizer=["transformers", "GemmaTokenizerFast"])


def save_refiner(folder: Path) -> Path:
    """A SanaWMLTX2Refiner without an autoencoder of its own, as the published one."""
    import torch
    from diffusers import FlowMatchEulerDiscreteScheduler, SanaWMLTX2Refiner, SanaWMLTX2RefinerTransformer3DModel
    from diffusers.pipelines.ltx2.connectors import LTX2TextConnectors
    from transformers import Gemma3Config, Gemma3ForConditionalGeneration

    torch.manual_seed(1)
    tokenizer, heads = _speller(), {"num_attention_heads": 2, "attention_head_dim": 8}
    eyes = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "image_size": 8, "patch_size": 4}
    image = {"mm_tokens_per_image": 1, "image_token_index": 5, "boi_token_index": 5, "eoi_token_index": 5}
    reader = Gemma3Config(text_config=_reader(len(tokenizer)), vision_config=eyes, **image)
    of_each = {
        f"{kind}_connector_{name}": value
        for kind in ("video", "audio")
        for name, value in {**heads, "num_layers": 1, "num_learnable_registers": None}.items()
    }
    connectors = LTX2TextConnectors(caption_channels=16, text_proj_in_factor=2, connector_rope_base_seq_len=32, **of_each)
    transformer = SanaWMLTX2RefinerTransformer3DModel(
        in_channels=8,
        out_channels=8,
        **heads,
        cross_attention_dim=16,
        audio_in_channels=4,
        audio_out_channels=4,
        audio_num_attention_heads=2,
        audio_attention_head_dim=4,
        audio_cross_attention_dim=8,
        num_layers=1,
        caption_channels=16,
    )
    encoder, scheduler = Gemma3ForConditionalGeneration(reader), FlowMatchEulerDiscreteScheduler(shift=1.0)
    return _save(
        SanaWMLTX2Refiner(transformer, connectors, tokenizer, encoder, scheduler, text_max_sequence_length=32), folder, None, vae=None
    )


def save_cosmos(folder: Path, **said: object) -> Path:
    """A Cosmos3OmniPipeline that was trained with actions, has no guardrail and makes pictures of 64 x 48 in two steps."""
    import torch
    from diffusers import AutoencoderKLWan, Cosmos3OmniPipeline, Cosmos3OmniTransformer, UniPCMultistepScheduler
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import Qwen2Tokenizer

    torch.manual_seed(0)
    marks = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>")
    tokenizer = Qwen2Tokenizer(
        vocab={word: i for i, word in enumerate([*marks, *sorted(ByteLevel.alphabet())])},
        merges=[],
        eos_token="<|im_end|>",
        extra_special_tokens=[marks[1], marks[3]],
        chat_template="{% for m in messages %}<|im_start|>{{ m.content }}<|im_end|>{% endfor %}<|im_start|>",
    )
    transformer = Cosmos3OmniTransformer(
        head_dim=16,
        hidden_size=16,
        intermediate_size=16,
        latent_channel=4,
        latent_patch_size=2,
        num_attention_heads=1,
        num_hidden_layers=1,
        num_key_value_heads=1,
        patch_latent_dim=16,
        vocab_size=len(tokenizer),
        rope_axes_dim=[4, 2, 2],
        action_dim=16,
        action_gen=True,
    )
    autoencoder = AutoencoderKLWan(
        base_dim=2,
        z_dim=4,
        dim_mult=[1, 1, 1, 1],
        num_res_blocks=0,
        temperal_downsample=[False, True, True],
        latents_mean=[0.0] * 4,
        latents_std=[30.0] * 4,
        in_channels=12,
        out_channels=12,
        patch_size=2,
        scale_factor_spatial=16,
    )
    scheduler = UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True)
    return _save(
        Cosmos3OmniPipeline(transformer, tokenizer, autoencoder, scheduler, enable_safety_checker=False), folder, COSMOS | said, **OLD
    )


def _speller():
    """A tokenizer that spells."""
    from transformers import GemmaTokenizer

    words = ("<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "▁", *ascii_lowercase)
    return GemmaTokenizer(vocab={word: i for i, word in enumerate(words)}, merges=[])


def _reader(words: int) -> dict:
    return {
        "vocab_size": words,
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 1,
        "num_key_value_heads": 1,
        "head_dim": 8,
        "sliding_window": 64,
        "pad_token_id": 0,
        "eos_token_id": 1,
        "bos_token_id": 2,
    }


def _save(pipeline, folder: Path, said: dict | None, **index: object) -> Path:
    """`index`: what the published model_index.json says otherwise than this diffusers would; None: what it does not say."""
    pipeline.save_pretrained(folder)
    path = folder / "model_index.json"
    path.write_text(json.dumps({name: value for name, value in (json.loads(path.read_text()) | index).items() if value is not None}))
    if said is not None:
        (folder / "t2w.json").write_text(json.dumps(said))
    return folder
