"""The words for every attribute of a Spec, most usual first: one table, used to write captions and, with heard.py, to read prompts."""

import re

# Written and read. Places carry their own article where "a" would be wrong.
NOUNS = {
    "biome": {
        "meadow": ("meadow", "grassland", "grassy plain", "green field"),
        "pine forest": ("pine forest", "pine woods", "fir forest", "evergreen forest", "conifer forest"),
        "autumn forest": ("autumn forest", "autumn woods", "fall forest", "autumn woodland"),
        "snowfield": ("snowfield", "icy plain", "frozen plain", "snow field", "tundra"),
        "desert": ("desert", "sand dunes", "dunes", "sandy desert"),
        "tropical island": ("tropical island", "jungle island", "palm island", "tropical beach"),
        "canyon": ("canyon", "rocky canyon", "gorge", "badlands"),
        "volcanic": ("volcanic land", "lava fields", "volcanic wasteland", "lava land"),
        "swamp": ("swamp", "bog", "marsh", "wetland"),
        "alien": ("alien world", "alien planet", "alien land", "strange planet"),
    },
    "landmark": {
        "cabin": ("cabin", "hut", "house", "lodge", "cottage"),
        "tower": ("tower", "castle", "stone tower", "castle tower"),
        "ruins": ("ancient ruins", "ruins", "temple ruins", "ruined temple"),
        "pyramid": ("pyramid", "stone pyramid", "step pyramid"),
    },
    "creature": {
        "sheep": ("sheep", "lambs"),
        "slimes": ("slimes", "slime blobs", "blobs"),
        "deer": ("deer", "stags"),
    },
    "character": {
        "knight": ("knight", "warrior"),
        "robot": ("robot", "android"),
        "explorer": ("explorer", "adventurer"),
        "wizard": ("wizard", "mage"),
    },
}
PLURAL = frozenset(
    ("pine woods", "autumn woods", "sand dunes", "dunes", "badlands", "lava fields", "ancient ruins", "ruins", "temple ruins")
) | {noun for nouns in NOUNS["creature"].values() for noun in nouns}
LAND = frozenset(  # one is on these, or in the others
    ("grassy plain", "icy plain", "frozen plain", "tropical island", "jungle island", "palm island", "tropical beach",
     "alien world", "alien planet", "strange planet", "grassland", "lava fields", "tundra")
)  # fmt: skip
TIME_PHRASES = {
    "dawn": ("at dawn", "at sunrise", "in the early morning"),
    "noon": ("at noon", "in daylight", "at midday", "in bright daylight"),
    "sunset": ("at sunset", "at dusk", "in the evening"),
    "night": ("at night", "at nighttime", "in moonlight"),
}
WEATHER_ADJECTIVES = {
    "clear": ("clear",),
    "foggy": ("foggy", "misty", "hazy"),
    "rainy": ("rainy", "stormy"),
    "snowy": ("snowy", "snowing", "snow-covered"),
}
WEATHER_PHRASES = {
    "clear": ("under a clear sky", "in clear weather"),
    "foggy": ("in fog", "in the mist", "in thick fog"),
    "rainy": ("in the rain", "in heavy rain"),
    "snowy": ("in the snow", "in falling snow"),
}
VIEW_PHRASES = {
    "first-person": ("first-person view", "first-person"),
    "third-person": ("third-person view", "third-person"),
    "isometric": ("isometric view", "isometric"),
}
COLOR_WORDS = {
    "red": ("red", "crimson"),
    "blue": ("blue",),
    "green": ("green",),
    "yellow": ("yellow", "golden"),
    "white": ("white",),
    "purple": ("purple", "violet"),
    "orange": ("orange",),
    "grey": ("grey", "gray"),
    "brown": ("brown",),
}


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower().replace("'", ""))


def bare(phrase: str) -> str:
    """'in the early morning' => 'early morning': a phrase as a tag."""
    return re.sub(r"^(at|in|under) (the |a )?", "", phrase)


def singular(word: str) -> str:
    """Good enough to find equal words: 'beaches' => 'beach', 'ruins' => 'ruin', 'grass' => 'grass'."""
    if len(word) < 4 or not word.endswith("s") or word.endswith("ss"):
        return word
    return word[:-2] if word.endswith(("ches", "shes", "sses")) else word[:-1]
