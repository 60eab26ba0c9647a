"""What start frames are made from: a prompt, a painter and a seed, or a picture from outside. Checked here; turned into a name and a digest."""

import hashlib
import json
import re
import unicodedata
from dataclasses import asdict, dataclass, field

from t2w.errors import T2WError

LONGEST_PROMPT = 1000
LARGEST_SEED = 2_000_000_000
MOST_CANDIDATES = 64  # painted at once
PICTURE = "picture"  # the painter's name when the start frame came from outside
_SMALL = {"a", "an", "and", "at", "by", "in", "is", "of", "on", "the", "to", "with"}


@dataclass(frozen=True)
class Start:
    """Enough to make the candidates again. Candidate k, from 1, has seed `seed + k - 1`, whatever their number is."""

    prompt: str
    painter: str
    seed: int
    width: int
    height: int
    settings: dict = field(default_factory=dict)
    picture: str = ""  # sha256 of the fitted picture's pixels, when it came from outside
    understood: dict = field(default_factory=dict, compare=False)  # what the painter made of the prompt, to be read; the prompt decides

    @classmethod
    def from_manifest(cls, manifest: dict) -> "Start":
        return cls(**{name: manifest[name] for name in cls.__dataclass_fields__ if name in manifest})

    def to_manifest(self) -> dict:
        return {name: value for name, value in asdict(self).items() if value not in ("", {}) or name in ("prompt", "settings")}

    def seeds(self, n: int) -> list[int]:
        return [self.seed + k for k in range(n)]

    def name(self, digits: int = 4, words: str = "") -> str:
        """snowy-pine-forest-7f3a: words of the prompt (or others), then a digest of all that decides the pictures."""
        decides = {name: value for name, value in self.to_manifest().items() if name != "understood"}
        digest = hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()
        return f"{slug(words or self.prompt)}-{digest[:digits]}"


def clean_prompt(prompt: str) -> str:
    """The prompt with its white space in order and without control characters; a T2WError when nothing is left, or too much."""
    prompt = " ".join("".join(letter for letter in part if unicodedata.category(letter) not in ("Cc", "Cs")) for part in prompt.split())
    prompt = prompt.strip()
    if not prompt:
        raise T2WError('the prompt is empty; say what the world is, for example "a snowy pine forest at sunset"')
    if len(prompt) > LONGEST_PROMPT:
        raise T2WError(
            f"the prompt has {len(prompt):,} characters; {LONGEST_PROMPT:,} is the most, and painters read about the first 60 words"
        )
    return prompt


def check_seed(seed: int) -> int:
    if not 0 <= seed <= LARGEST_SEED:
        raise T2WError(f"--seed {seed} is out of range; it goes from 0 to {LARGEST_SEED:,}")
    return seed


def slug(text: str, longest: int = 40) -> str:
    """The first telling words of a text, as a file name: lower case ASCII joined by hyphens; "world" when none is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = [word for word in re.findall(r"[a-z0-9]+", plain) if word not in _SMALL]
    name = ""
    for word in words:
        if len(name) + 1 + len(word) > longest:
            break
        name = f"{name}-{word}" if name else word
    return name or (words[0][:longest] if words else "world")
