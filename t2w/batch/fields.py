"""The fields of a recipe: a table of how each is read, and how it is described in the JSON schema."""

from dataclasses import dataclass

from t2w.batch import values as v
from t2w.rollout.length import LONGEST, MOST_FRAMES
from t2w.start import smaller
from t2w.start.start import LARGEST_SEED, LONGEST_PROMPT, MOST_CANDIDATES
from t2w.worlds import device
from t2w.worlds.weights import memory


@dataclass(frozen=True)
class Field:
    read: v.Reader
    schema: dict
    about: str


def _one_or_list(schema: dict, least: int = 1) -> dict:
    return {"anyOf": [schema, {"type": "array", "items": schema, "minItems": least}]}


NONE = "none"
WORDS, COUNT = {"type": "string", "minLength": 1}, {"type": "integer", "minimum": 1}
PROMPT = {
    "anyOf": [
        WORDS | {"maxLength": 4 * LONGEST_PROMPT},
        {"type": "object", "properties": {"file": WORDS}, "required": ["file"], "additionalProperties": False},
    ]
}
SEED = {"anyOf": [{"type": "integer", "minimum": 0, "maximum": LARGEST_SEED}, {"type": "string", "pattern": r"^\d+\s*-\s*\d+$"}]}
BOTH = "one or a list; with both actions and policy, takes are made of each"
FIELDS: dict[str, Field] = {
    "prompts": Field(
        v.prompts, _one_or_list(PROMPT), "one or a list: words with {dawn|2::noon} and __name__ in them, or {file: PATH}, one a line"
    ),
    "sample": Field(
        v.whole(1, 100_000), COUNT, "how many prompts are drawn of each template, by weight; without it, all combinations are made"
    ),
    "cap": Field(v.whole(1, 100_000), COUNT, "the most prompts that are made of one template"),
    "wildcards": Field(v.folder, WORDS, "the folder of NAME.txt for each __name__; without it, wildcards beside the recipe"),
    "painter": Field(v.painter, WORDS, "who paints start frames: starter, sim, a diffusers folder or a hub id"),
    "negative": Field(v.negative, {"type": "string"}, "what the pictures should not show"),
    "guidance": Field(
        v.guidance, {"type": "number", "minimum": 0, "maximum": v.MOST_GUIDANCE}, "how closely the painter keeps to the prompt"
    ),
    "painter-steps": Field(v.whole(1, v.MOST_STEPS), COUNT | {"maximum": v.MOST_STEPS}, "denoising steps of a picture"),
    "lora": Field(
        v.many(v.lora, or_none=True),
        _one_or_list(WORDS, 0),
        "LoRAs for the painter, all at once: files or hub ids, with how strongly, FILE:0.8",
    ),
    "quantize": Field(v.one_of((NONE, *smaller.BITS)), {"enum": [NONE, *smaller.BITS]}, "the painter's weights in fewer bits"),
    "candidates": Field(v.whole(1, MOST_CANDIDATES), COUNT | {"maximum": MOST_CANDIDATES}, "start frames painted of each prompt and seed"),
    "pick": Field(
        v.pick,
        {"anyOf": [{"enum": ["first", "all", "ask"]}, COUNT]},
        "which candidate is rolled: a number, first, all, or ask: the batch stops for `t2w pick`",
    ),
    "world": Field(v.world, WORDS, "which world: starter, sim, a folder, or as `t2w worlds list` names it"),
    "actions": Field(v.many(v.actions), _one_or_list(WORDS), f"scripts: paths from this file, or short forms such as w-30,wl-15; {BOTH}"),
    "policy": Field(v.many(v.policy), _one_or_list(WORDS), f"explore, random, idle or module:callable; {BOTH}"),
    "takes": Field(v.whole(1, v.MOST_TAKES), COUNT, "takes of each, with seeds that follow each other"),
    "seconds": Field(
        v.seconds,
        {"anyOf": [{"type": "number", "exclusiveMinimum": 0, "maximum": LONGEST}, {"type": "string", "pattern": r"^[\d.]+\s*s$"}]},
        "length of the films; without it, as long as the script, or ten seconds",
    ),
    "frames": Field(v.whole(1, MOST_FRAMES), COUNT | {"maximum": MOST_FRAMES}, "length in new frames: said instead of seconds"),
    "seeds": Field(v.seeds, _one_or_list(SEED), "seeds of start frames: 7, 0-9, or a list; candidate k has seed + k - 1"),
    "device": Field(v.device_name, WORDS, "auto, cpu, cuda, cuda:N, mps"),
    "dtype": Field(v.one_of(device.DTYPES), {"enum": list(device.DTYPES)}, "what the networks compute in"),
    "memory": Field(v.one_of(memory.WORDS), {"enum": list(memory.WORDS)}, "low: weights go to the GPU part by part; max: all at once"),
    "strict": Field(v.flag, {"type": "boolean"}, "a script that uses what the world lacks is an error"),
    "clean": Field(v.flag, {"type": "boolean"}, "clean.mp4 too: the film without keys and mouse"),
    "metadata": Field(v.flag, {"type": "boolean"}, "manifests and the machine-made mark inside PNG and MP4"),
}

# Fields that say how the painter is called, and their names in `painters.asked`.
PAINTING = {"negative": "negative", "guidance": "guidance", "painter-steps": "steps", "lora": "lora", "quantize": "quantize"}


def schema() -> dict:
    """What editors complete recipes by, and find mistakes with."""
    own = {name: {**field.schema, "description": field.about} for name, field in FIELDS.items()}
    matrix = {
        "type": "object",
        "properties": {name: {"type": "array", "items": field.schema, "minItems": 1} for name, field in FIELDS.items()},
        "additionalProperties": False,
        "description": "field: [values]: everything is made with every combination of these",
    }
    part = {"type": "object", "properties": {**own, "matrix": matrix}, "additionalProperties": False}
    top = {
        **own,
        "matrix": matrix,
        "about": {"type": "string", "description": "what the recipe is for"},
        "include": {
            **_one_or_list(WORDS),
            "description": "recipes whose fields hold where this one says nothing, and whose parts are made too",
        },
        "defaults": {
            "type": "object",
            "properties": own,
            "additionalProperties": False,
            "description": "fields of all parts that do not say else",
        },
        "parts": {"type": "array", "items": part, "minItems": 1, "description": "several recipes in one: each has its own fields"},
    }
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "a recipe of t2w"}
    return {**head, "type": "object", "properties": top, "additionalProperties": False}
