"""The painter: a text-to-image latent diffusion model, made of standard diffusers and transformers classes only.

So that `DiffusionPipeline.from_pretrained(folder)` runs it anywhere. The transformer is PRX's (image tokens look at the
words and at each other), the autoencoder is the world's own, a small CLIP text model reads the prompt, flow matching leads from
noise to latents.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from diffusers import AutoencoderDC, FlowMatchEulerDiscreteScheduler, PRXPipeline
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import CLIPTextConfig, CLIPTextModel, PreTrainedTokenizerFast

from t2w.nn.prx import transformer

BEGIN, END, PAD = "<|begin|>", "<|end|>", "<|pad|>"


@dataclass(frozen=True)
class PainterConfig:
    channels: int = 16  # of a latent
    d: int = 192
    heads: int = 3
    depth: int = 8
    mlp: float = 2.5
    words: int = 128  # width of the text model
    word_layers: int = 2
    vocabulary: int = 1024
    longest: int = 32  # tokens of a prompt


TINY = PainterConfig(channels=8, d=32, heads=2, depth=2, words=16, word_layers=1, vocabulary=400)


def tokenizer(texts: Iterable[str], config: PainterConfig) -> PreTrainedTokenizerFast:
    """Byte-pair encoding learnt from captions: their words become single tokens, any other word falls apart into bytes."""
    bpe = Tokenizer(models.BPE())
    bpe.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    bpe.decoder = decoders.ByteLevel()
    special = [PAD, BEGIN, END]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    bpe.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=config.vocabulary, special_tokens=special, initial_alphabet=alphabet))
    bpe.post_processor = processors.TemplateProcessing(
        single=f"{BEGIN} $A {END}", special_tokens=[(BEGIN, bpe.token_to_id(BEGIN)), (END, bpe.token_to_id(END))]
    )
    return PreTrainedTokenizerFast(tokenizer_object=bpe, bos_token=BEGIN, eos_token=END, pad_token=PAD, model_max_length=config.longest)


def build(config: PainterConfig, words: PreTrainedTokenizerFast, autoencoder: AutoencoderDC) -> PRXPipeline:
    """A pipeline with untrained weights, but for the autoencoder's."""
    text = CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=config.words,
        intermediate_size=4 * config.words,
        num_hidden_layers=config.word_layers,
        num_attention_heads=max(1, config.words // 64),
        max_position_embeddings=config.longest,
        projection_dim=config.words,
        bos_token_id=words.bos_token_id,
        eos_token_id=words.eos_token_id,
        pad_token_id=words.pad_token_id,
    )
    scheduler = FlowMatchEulerDiscreteScheduler(num_train_timesteps=1000, shift=1.0)
    return PRXPipeline(transformer(config, config.channels), scheduler, CLIPTextModel(text), words, autoencoder, default_sample_size=160)
