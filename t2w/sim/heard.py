"""What people say that captions never do: words that are read as one of ours, and words that are known not to be."""

from t2w.sim.words import words

# Read as the value: too vague or too rare to teach.
HEARD = {
    "biome": {
        "meadow": ("field", "grass", "plain", "prairie", "pasture", "grassy field", "grassy hill", "green hill", "rolling hills", "moor",
                   "moorland", "heath", "steppe", "savanna", "savannah", "farmland", "countryside", "lawn", "hillside", "highlands"),
        "pine forest": ("forest", "woods", "woodland", "pines", "taiga", "spruce forest", "boreal forest", "coniferous forest", "grove",
                        "conifers", "evergreens"),
        "autumn forest": ("fall woods", "fall foliage", "fall colors", "fall colours", "maple forest", "maple woods"),
        "snowfield": ("ice field", "glacier", "arctic", "antarctica", "antarctic", "north pole", "polar", "snowy plain", "snowy field",
                      "snow plain", "ice plain", "icy land", "icy wasteland", "icy world", "frozen land", "frozen wasteland",
                      "frozen tundra", "frozen world", "ice planet", "snow desert", "winter wonderland"),
        "desert": ("sahara", "sand", "sandy", "oasis", "sandy plain", "sandy land", "wasteland"),
        "tropical island": ("island", "tropical", "tropics", "jungle", "rainforest", "rain forest", "beach", "sandy beach", "palms", "atoll",
                            "lagoon", "seashore", "shore", "coast", "seaside", "desert island", "palm beach", "tropical forest"),
        "canyon": ("ravine", "mesa", "cliffs", "butte", "gulch", "chasm", "wild west", "red rocks", "rocky valley"),
        "volcanic": ("volcano", "volcanic", "lava", "magma", "hell", "inferno", "underworld", "hellscape", "volcanic island"),
        "swamp": ("marshland", "bayou", "swampland", "swampy", "marshy", "boggy", "mangrove", "everglades", "fen", "mire"),
        "alien": ("alien", "planet", "alien landscape", "exoplanet", "extraterrestrial", "another world", "another planet", "mars"),
    },
    "landmark": {
        "cabin": ("home", "shed", "barn", "shack", "hovel", "bungalow", "farmhouse", "chalet", "homestead", "log cabin", "log house",
                  "wood cabin", "wood house", "wood hut", "tree house"),
        "tower": ("lighthouse", "fortress", "fort", "castle keep", "stone keep", "citadel", "turret", "watchtower", "watch tower", "spire",
                  "stronghold", "palace", "bell tower", "minaret"),
        "ruins": ("temple", "columns", "pillars", "shrine", "castle ruin", "ruined castle", "crumbling castle", "tower ruin",
                  "ruined tower", "crumbling tower", "ruined city", "ruined house", "lost temple", "stonehenge", "stone circle",
                  "colosseum", "parthenon"),
        "pyramid": ("ziggurat", "aztec temple", "mayan temple"),
    },
    "creature": {"sheep": ("ewe",), "slimes": ("goo", "slime monster", "jelly"), "deer": ("reindeer", "doe", "fawn", "elk", "moose", "caribou")},
    "character": {
        "knight": ("paladin", "crusader", "swordsman"), "robot": ("droid", "mech", "cyborg", "automaton"),
        "explorer": ("traveler", "traveller", "hiker", "wanderer", "backpacker", "archaeologist", "archeologist"),
        "wizard": ("sorcerer", "sorceress", "witch", "warlock", "magician", "necromancer", "enchanter", "druid"),
    },
    "time": {
        "dawn": ("morning", "daybreak", "first light", "rising sun", "sun rises"), "noon": ("daytime", "day", "daylight", "afternoon", "broad daylight"),
        "sunset": ("twilight", "golden hour", "sundown", "setting sun", "sun sets"),
        "night": ("moonlit", "moon", "midnight", "nightfall", "starry", "stars", "starlight", "starlit", "darkness"),
    },
    "weather": {
        "clear": ("sunny", "cloudless", "blue sky", "sunshine", "sunlight", "sunlit"),
        "foggy": ("fog", "mist", "haze", "smog", "sandstorm", "dust storm"),
        "rainy": ("rain", "raining", "rainfall", "storm", "rainstorm", "thunder", "thunderstorm", "lightning", "drizzle", "downpour",
                  "monsoon", "wet"),
        "snowy": ("snow", "snowfall", "snowflakes", "snowstorm", "blizzard", "snow capped", "frost", "frosty", "winter", "wintry", "wintery",
                  "frozen", "ice", "icy"),
    },
    "view": {
        "first-person": ("fps", "pov", "point of view", "first person shooter", "1st person"),
        "third-person": ("over the shoulder", "from behind", "3rd person"),
        "isometric": ("top-down", "top view", "bird's eye", "from above", "overhead", "aerial", "iso"),
    },
    "color": {
        "red": ("scarlet", "ruby", "maroon"), "blue": ("azure", "navy", "sapphire"), "green": ("emerald", "olive"), "yellow": ("gold",),
        "white": ("snow white", "ivory"), "purple": ("lilac", "lavender"), "orange": ("amber",), "grey": ("silver",),
        "brown": ("tan", "chocolate"),
    },
}  # fmt: skip
# These speak of a biome, but less than any word above: they count where no biome is named.
HINTS = {
    "autumn forest": ("autumn", "autumnal", "in fall", "in the fall"),
    "snowfield": ("winter", "wintry", "wintery", "frozen", "ice", "icy"),
    "pine forest": ("trees", "pine trees", "fir trees", "spruce"),
    "desert": ("cactus", "cacti", "sandstorm", "egypt", "egyptian"),
    "tropical island": ("palm trees", "sea", "ocean"),
    "meadow": ("flowers", "sunflowers", "hills"),
}
# Of the kind of a field, and not to be had: who asks for a dragon is told the creatures.
UNDRAWN = {
    "creature": "animal creature monster beast wildlife dragon dinosaur wolf wolves bear horse cow cattle dog puppy cat kitten bird eagle owl "
    "crow raven duck chicken fish shark whale lion tiger elephant giraffe monkey fox rabbit bunny pig goat camel snake spider frog bat "
    "butterfly insect zombie ghost skeleton goblin troll orc unicorn phoenix demon penguin turtle crocodile crab dolphin squirrel mouse jellyfish",
    "character": "character man men woman women boy girl child kid people hero king queen prince princess pirate ninja samurai viking soldier "
    "archer thief astronaut cowboy farmer elf dwarf monk vampire fairy guard rider villager ranger",
    "landmark": "building structure landmark church cathedral windmill mill bridge statue monument obelisk well fountain mansion skyscraper "
    "ship boat car train tent campfire portal gate wall village town city street igloo",
    "biome": "mountain river lake waterfall cave cavern dungeon space valley garden farm park underwater room kitchen harbor harbour mine maze "
    "labyrinth metropolis",
    "weather": "wind windy breeze cloud cloudy overcast tornado hurricane hail rainbow",
    "view": "panorama panoramic sidescroller closeup",
    "color": "black pink cyan turquoise teal magenta beige bronze",
}  # fmt: skip
NO = frozenset(words("no not without never neither nor dont doesnt isnt arent lacking minus"))
# Said without meaning anything that could be drawn, so nobody is told that they are ignored.
SILENT = frozenset(words(
    "the this that these those there it its is are was be been being am has have having had i we you he she they me my your our his her "
    "their us them to of from for as by some any many few several one two three lots lot bunch very so too just also still only please want "
    "wants like would see seen seeing show shows showing make makes making give create generate draw paint render let lets can could "
    "should will with within into onto over under above below across through around among between behind beside besides beyond before "
    "after near next close toward towards along against up down out off where which who whose what when while during then than about "
    "or and but else world land landscape scene scenery place area environment setting background foreground picture image painting "
    "photo screenshot shot game perspective camera angle style view color colored coloured colour painted wearing dressed clad all full "
    "made standing walking exploring sitting lying running going looking flock herd pair group "
    "stand stands sit sits walk walks run runs someone somebody something everything everywhere somewhere"
))  # fmt: skip
# Near one of our words in spelling, and another word.
PLAIN = frozenset(words(
    "watch story plane place plant violent shock stranger remain remaining filed filling ruining explore explored exploring breach "
    "adventure lighting overheard strangle wandered mourning converted lodged jingle rained enchanted enchanting bleach ledge confer caste "
    "heave persona posture overhear snowball sliver retaining sowing ember lightening weathered rationing reminder parson musty topical beech "
    "brawn overheated felling shuck froggy gorged wether wealthier overheat jangle converged canon gassy confers reined conversed "
    "crusade slimy stoned gross whiten share alive spare health grave shine stepped butter jolly topic strangely strangest backpack groove "
    "oliver ricky george jorge sonny spore grovel regaining baggy buggy hearth marion butted winery automation morose shire spruced starlet "
    "jello poplar overhand farmhand shored bette seahorse grover esmeralda strangler lodger froze"
))  # fmt: skip
