"""What a world is made of, in words: a seed and a few attributes in, a frozen Spec out."""

import random
from dataclasses import asdict, dataclass, fields

from t2w.actions.action import ActionSpace
from t2w.errors import T2WError

WIDTH, HEIGHT, FPS = 160, 96, 15.0  # of its pictures, where nothing else is said
SPACE = ActionSpace(keys=("w", "a", "s", "d", "space", "e", "lmb"), mouse=True, turn=12.0)

BIOMES = (
    "meadow",
    "pine forest",
    "autumn forest",
    "snowfield",
    "desert",
    "tropical island",
    "canyon",
    "volcanic",
    "swamp",
    "alien",
)
TIMES = ("dawn", "noon", "sunset", "night")
WEATHERS = ("clear", "foggy", "rainy", "snowy")
LANDMARKS = ("none", "cabin", "tower", "ruins", "pyramid")
VIEWS = ("first-person", "third-person", "isometric")
CREATURES = ("none", "sheep", "slimes", "deer")
CHARACTERS = ("knight", "robot", "explorer", "wizard")
COLORS = {
    "red": (0.75, 0.12, 0.10),
    "blue": (0.15, 0.28, 0.75),
    "green": (0.15, 0.50, 0.20),
    "yellow": (0.90, 0.75, 0.15),
    "white": (0.90, 0.90, 0.90),
    "purple": (0.50, 0.20, 0.65),
    "orange": (0.90, 0.45, 0.10),
    "grey": (0.50, 0.50, 0.52),
    "brown": (0.45, 0.29, 0.16),
}

WEATHER_SHARE = {"clear": 6, "foggy": 2, "rainy": 2, "snowy": 1.5}
NO_RAIN = frozenset(("snowfield", "desert", "volcanic"))
SNOW = frozenset(("meadow", "pine forest", "autumn forest", "snowfield", "canyon"))
TIME_SHARE = (29, 30, 29, 12)  # night teaches little: most of it is dark
VIEW_SHARE = (45, 45, 10)
NONE_SHARE = 0.2  # worlds without a landmark; the same for creatures


@dataclass(frozen=True)
class Spec:
    seed: int
    biome: str
    time: str
    weather: str
    landmark: str
    landmark_color: str
    view: str
    creature: str
    creature_color: str
    character: str
    character_color: str

    def to_dict(self) -> dict:
        return asdict(self)


CHOICES = {
    "biome": BIOMES,
    "time": TIMES,
    "weather": WEATHERS,
    "landmark": LANDMARKS,
    "landmark_color": tuple(COLORS),
    "view": VIEWS,
    "creature": CREATURES,
    "creature_color": tuple(COLORS),
    "character": CHARACTERS,
    "character_color": tuple(COLORS),
}
assert tuple(CHOICES) == tuple(f.name for f in fields(Spec))[1:]


def possible(biome: str, weather: str) -> bool:
    """Whether chance may bring this weather to this biome; a wish in a prompt may bring any."""
    return (weather != "rainy" or biome not in NO_RAIN) and (weather != "snowy" or biome in SNOW)


def check(field: str, value: str) -> str:
    if field not in CHOICES:
        raise T2WError(f"a world has no {field!r}; it has: {', '.join(CHOICES)}.")
    if value not in CHOICES[field]:
        raise T2WError(f"no {field.replace('_', ' ')} {value!r}; there are: {', '.join(CHOICES[field])}.")
    return value


def sample(seed: int, **fixed: str) -> Spec:
    """A random world of this seed. Fixed attributes keep their value; the others are drawn as if nothing were fixed."""
    fixed = {field: check(field, value) for field, value in fixed.items()}
    rng = random.Random(seed)

    def other(values: tuple[str, ...]) -> str:
        none, pick = rng.random() < NONE_SHARE, rng.choice(values[1:])
        return "none" if none else pick

    biomes = [b for b in BIOMES if possible(b, fixed.get("weather", "clear"))]
    biome = fixed.get("biome", biomes[int(rng.random() * len(biomes))])
    share = [WEATHER_SHARE[w] * possible(biome, w) for w in WEATHERS]
    drawn = {
        "biome": biome,
        "weather": rng.choices(WEATHERS, share)[0],
        "time": rng.choices(TIMES, TIME_SHARE)[0],
        "view": rng.choices(VIEWS, VIEW_SHARE)[0],
        "landmark": other(LANDMARKS),
        "landmark_color": rng.choice(tuple(COLORS)),
        "creature": other(CREATURES),
        "creature_color": rng.choice(tuple(COLORS)),
        "character": rng.choice(CHARACTERS),
        "character_color": rng.choice(tuple(COLORS)),
    }
    return Spec(seed=seed, **(drawn | fixed))
