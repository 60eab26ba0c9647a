"""What people type, and what is made of it: slips, paraphrases, colours, denials, and plain English that is near our words."""

import random

import pytest

from t2w.sim.captions import caption, plain
from t2w.sim.phrases import TARGETS, mended
from t2w.sim.spec import sample
from t2w.sim.understand import read
from t2w.sim.words import singular

# A prompt; the attributes that it names, as the plain sentence of them; and the words that are ignored or left out.
PROMPTS = [
    # slips
    ("a castel in the forrest", "a pine forest with a tower", ""),
    ("piramid in the dessert at nigth", "a desert at night with a pyramid", ""),
    ("a wizzard in a swmap", "a wizard in a swamp", ""),
    ("knigth in a snowey medow", "a knight in a snowy meadow", ""),
    ("a tropcial iland with a cabbin", "a tropical island with a cabin", ""),
    ("voclanic land at susnet", "a volcanic land at sunset", ""),
    ("Blue ROBBOT on an alein planet", "a blue robot on an alien world", ""),
    ("an autum forest in the moring", "an autumn forest at dawn", ""),
    ("isometirc view of a canyn", "isometric view of a canyon", ""),
    ("firstperson view of a pineforest", "first-person view of a pine forest", ""),
    ("3rd person, a red exploror in a blizard", "third-person view of a red explorer in the snow", ""),
    ("a lighhtouse on the beach in a thunderstrom", "a rainy tropical island with a tower", ""),
    ("purpel tower, twilght", "a purple tower at sunset", ""),
    # paraphrases
    ("woods at dusk", "a pine forest at sunset", ""),
    ("an icy plain", "a snowfield", ""),
    ("castle ruin", "ancient ruins", ""),
    ("top-down view of dunes", "isometric view of a desert", ""),
    ("moonlit dunes", "a desert at night", ""),
    ("a shack on the moor", "a meadow with a cabin", ""),
    ("jungle in the rain", "a rainy tropical island", ""),
    ("sandstorm", "a foggy desert", ""),
    ("a winter forest at sunrise", "a snowy pine forest at dawn", ""),
    ("winter", "a snowy snowfield", ""),
    ("a frozen swamp", "a snowy swamp", ""),
    ("golden hour in the rolling hills, sheep grazing", "a meadow at sunset with sheep", "grazing"),
    ("woods in autumn, evening, yellow lodge", "an autumn forest at sunset with a yellow cabin", ""),
    ("bird’s eye view of a marsh", "isometric view of a swamp", ""),
    ("a log cabin under the stars", "a cabin at night", ""),
    ("an oasis with a ziggurat on a sunny day", "a clear desert at noon with a pyramid", ""),
    ("POV: you are a hiker in a ravine, early morning", "first-person view of a canyon at dawn", "hiker"),
    ("the ruined tower of a sorceress in a mangrove swamp", "a wizard in a swamp with ancient ruins", ""),
    ("rainforest", "a tropical island", ""),
    ("a lush green jungle full of palm trees", "a tropical island", "lush green"),
    ("the sea at midnight", "a tropical island at night", ""),
    ("reindeer in the arctic under a starry sky", "a snowfield at night with deer", "sky"),
    ("lava and fire everywhere, a cyborg walks towards a fortress", "a robot in a volcanic land with a tower", "fire"),
    ("Tall pines. Thick fog. An old barn.", "a foggy pine forest with a cabin", "tall,old"),
    ("a cozy cottage in the snow-covered woods", "a snowy pine forest with a cabin", "cozy"),
    ("Exoplanet with goo monsters", "an alien world with slimes", "monsters"),
    ("pillars of an ancient temple on a grassy hill", "a meadow with ancient ruins", "ancient"),
    ("a mountain village in the mist", "in fog", "mountain village"),
    ("a ghost forest", "a pine forest", "ghost"),
    (
        "A lone knight stands before a crumbling castle as the sun sets over the desert",
        "a knight in a desert at sunset with ancient ruins",
        "lone",
    ),
    ("Make me a cozy winter village with lots of snow", "a snowy snowfield", "cozy,village"),
    ("medieval castle on a hill with a moat", "a meadow with a tower", "medieval,moat"),
    ("cabin,forest,night,fog", "a foggy pine forest at night with a cabin", ""),
    ("the wizard's purple tower", "a purple tower", "wizard's"),
    ("a castle made of ice", "a snowy snowfield with a tower", ""),
    # colours and their nouns
    ("a red cabin and blue sheep", "a red cabin and blue sheep", ""),
    ("a cabin painted red, sheep that are blue", "a red cabin and blue sheep", ""),
    ("a knight in green", "a green knight", ""),
    ("a knight in red armor", "a knight", "red armor"),
    ("a big red wooden hut", "a red cabin", "big,wooden"),
    ("a tower under a purple sky", "a tower", "purple sky"),
    ("a red sky, a tower", "a tower", "red sky"),
    ("purple desert with golden castle", "a desert with a yellow tower", "purple"),
    ("red ruins", "ancient ruins", "red"),
    ("a cabin with a blue roof", "a cabin", "blue roof"),
    ("white sheep in green grass", "a meadow with white sheep", "green"),
    ("a crimson, crumbling castle", "ancient ruins", "crimson"),
    ("a silver robot, pink slimes", "a grey robot with slimes", "pink"),
    # one of each kind
    ("a desert and a forest", "a desert", "forest"),
    ("a red cabin next to a blue tower", "a red cabin", "blue tower"),
    ("a red cabin and a blue cabin", "a red cabin", "blue cabin"),
    ("a knight and a wizard in the fog, with deer and sheep", "a knight in fog with deer", "wizard,sheep"),
    ("first-person view of a red knight in a bog", "first-person view of a swamp", "red knight"),
    # denials
    ("a pine forest, no snow", "a clear pine forest", ""),
    ("a meadow without a cabin, but with a tower", "a meadow with a tower", ""),
    ("no sheep, red tower", "a red tower", ""),
    ("a swamp with no fog, rain or snow at dawn", "a clear swamp at dawn", ""),
    ("a snow-free canyon", "a clear canyon", ""),
    ("it isn't night in the desert", "a desert", "no night"),
    ("not a desert, a meadow", "a meadow", "no desert"),
    ("not only a forest but also a castle", "a pine forest with a tower", ""),
    ("a beach without any buildings or animals", "a tropical island", ""),
    # things that there are not
    ("woods at dusk with a castel and a dragon", "a pine forest at sunset with a tower", "dragon"),
    ("a dog and a horse in the house", "a cabin", "dog,horse"),
    ("a space station orbiting Jupiter", "", "space station orbiting jupiter"),
    ("cyberpunk city street, neon, 4k", "", "cyberpunk city street,neon,4k"),
    ("🌲 雪の森 замок", "", "🌲 雪の森 замок"),
    ("forêt château, a cabin", "a pine forest with a cabin", "chateau"),
    ("hello there", "", "hello"),
]


@pytest.mark.parametrize(("prompt", "meant", "rest"), PROMPTS, ids=[prompt for prompt, *_ in PROMPTS])
def test_people_are_understood(prompt, meant, rest):
    reading = read(prompt)
    assert plain(reading.found) == meant
    assert [*reading.ignored, *reading.left] == [words for words in rest.split(",") if words]


PLAIN_ENGLISH = """
dog knit knife log hat hit but boat tow town bowl born burn bare cable cabinet cattle castor vessel horse hose mouse share shine health
towel power lower flower tour towed temper template tempo plane plant plan plate planner forget forge fortune foreign froze spare grave
watch which with wish width switch story stork store stamp swap swarm swim sheet sleep steep sheer ship shop shape snack alive
show slow shower stow blow grow train brain grain drain canon cannon crayon candy gauge george inland oliver backpack
robe roast root rabbit lizard hazard wander wonder winner splinter march mark mash math harsh match must most explore
moist dust rusty trusty light sight might right tight fight flight slight dawdle down drawn gone don soon spoon topic
clean clever clerk clown deserve deserted dense desk align allen alice believe shadow widow hello plants stories plates
snowball showy slim slide slice lime crime prime stage strange stranger rocket pocket droll drop lion line adventures
purpose people pebble yelling fellow mellow window greed greek greet agree read bread bead bed led lead violent sleeping
knock knot know knee kite king sing ring wing bring explode export expert advent venture froggy doggy maze gaze daze lazy crazy
hazel stove stole bone tone phone filling falling remaining lighting mourning ledge sonny share jelly_fish
""".replace("_", " ").split()


def test_plain_english_is_not_bent_into_our_words():
    assert not {word: mended(singular(word)) for word in PLAIN_ENGLISH if mended(singular(word)) != singular(word)}


def test_short_words_mean_what_they_say():
    assert [read(f"a {word}").found for word in ("dog", "bog", "knit", "knight", "deer", "hat", "hut")] == [
        {},
        {"biome": "swamp"},
        {},
        {"character": "knight"},
        {"creature": "deer"},
        {},
        {"landmark": "cabin"},
    ]


def test_our_words_are_not_slips_of_each_other():
    assert all(mended(word) == word for word in TARGETS)


def test_denied_things_are_none():
    assert read("a beach without any buildings or animals").found == {"biome": "tropical island", "landmark": "none", "creature": "none"}
    assert read("no cabin but a tower").found == {"landmark": "tower"}
    assert read("no foggy weather, no clear sky").found == {"weather": "clear"}


def test_a_prompt_in_captions_words_goes_to_the_painter_unchanged():
    for prompt in ("an icy plain at sunrise with ancient ruins", "Misty bog, dusk, violet castle", "a red cabin in a meadow"):
        assert read(prompt).painted == prompt
    rng = random.Random(0)
    for text in (caption(sample(seed), None, rng) for seed in range(1000)):
        assert read(text).painted == text
    assert read("cabin,snowfield").painted == "a snowfield with a cabin"  # the painter never saw a comma without a space
    assert read("A misty bog at dusk.").painted == "A misty bog at dusk"


def test_what_was_said_stands_beside_what_was_understood():
    reading = read("woods at dusk with a crimson castel and a Dragon")
    assert reading.to_manifest() == {
        "painted": "a pine forest at sunset with a red tower",
        "attributes": {"biome": "pine forest", "time": "sunset", "landmark": "tower", "landmark_color": "red"},
        "said": {"biome": "woods", "time": "dusk", "landmark": "crimson castel"},
        "ignored": ["dragon"],
        "left_out": {},
    }


@pytest.mark.parametrize(
    "prompt", ["", "   ", "...", "no", "no, no", "without", "red", "red red red", "a'b''c's", "ﬁ ½ ① İ ß 𝔞", "\u0301", "x" * 1000]
)
def test_odd_text_is_read_too(prompt):
    assert not read(prompt).found


def test_a_long_prompt_is_cut_down_to_what_was_understood():
    prompt = "a meadow at noon in the rain with white sheep and a red cabin, " * 3
    assert read(prompt).painted == "a rainy meadow at noon with a red cabin and white sheep"
