"""A prompt in, what the simulator and the starter painter make of it out: the attributes it names, and what is left over."""

from dataclasses import dataclass

from t2w.sim.captions import GLUE, THINGS, plain
from t2w.sim.phrases import Part, key, parts
from t2w.sim.words import words

LONGEST = 30  # words and marks of a sentence that the painter reads to its end
NOTHING = {"landmark": "none", "creature": "none", "weather": "clear"}  # what "no cabin", "no sheep", "no snow" ask for
ANY = {"creature": {("animal",), ("creature",), ("wildlife",)}, "landmark": {("building",), ("structure",), ("landmark",)}}
FORESTS = {("forest",), ("wood",), ("woodland",), ("grove",), ("tree",)}  # which in autumn are autumn forests
OR = ("or", "nor")
HARDLY = ("too", "very", "so", "only", "just")  # "not only", "not too": no denial
BACK = frozenset(words("is are in of all that which painted colored coloured wearing dressed clad color colour"))


@dataclass(frozen=True)
class Reading:
    """What is made of a prompt."""

    found: dict[str, str]  # attributes of a Spec; those that are not named are not in it
    said: dict[str, str]  # the words that named each
    ignored: tuple[str, ...]
    left: dict[str, str]  # words that are known and cannot be drawn here, and why
    painted: str  # the sentence for the starter painter: the prompt itself where it is in the painter's own words

    def to_manifest(self) -> dict:
        return {"painted": self.painted, "attributes": self.found, "said": self.said, "ignored": list(self.ignored), "left_out": self.left}


def understand(prompt: str) -> dict[str, str]:
    """The attributes of a Spec that a prompt names."""
    return read(prompt).found


def read(prompt: str) -> Reading:
    """Longest phrase first; the first naming counts; a colour belongs to the thing after it, or before it ("sheep that are blue");
    what follows "no" is not read."""
    prompt = prompt.strip(" .!")
    pieces = list(parts(prompt))
    unwanted, owners = denied(pieces), colors(pieces)
    found, said, left = {}, {}, {}
    ignored: list[list[int]] = []  # runs of neighbours
    for i, part in enumerate(pieces):
        if not part.telling or i in unwanted:
            continue
        color = pieces[owners[i]] if i in owners else None
        if part.kind == "thing" and part.field:
            wording = f"{color.said} {part.said}" if color else part.said
            same = found.setdefault(part.field, part.value) == part.value
            if same and color and found.setdefault(f"{part.field}_color", color.value) == color.value:
                said[part.field] = wording
            elif not same or color:
                left[wording] = f"one {part.field} at a time"
            said.setdefault(part.field, part.said)
        elif part.kind == "unknown" or (part.kind == "color" and i not in owners.values()):
            ignored[-1].append(i) if ignored and ignored[-1][-1] == i - 1 else ignored.append([i])
    hints = [part for i, part in enumerate(pieces) if part.hint and i not in unwanted]
    runs = [" ".join(pieces[i].said for i in run) for run in ignored] + _hinted(hints, found, said, left)
    runs += _unwanted([pieces[i] for i in sorted(unwanted)], found, said)
    if found.get("view") == "first-person" and "character" in found:
        left[said["character"]] = "in first person the character is the camera"
    own = bool(found) and not (runs or left or unwanted) and fluent(prompt, pieces)
    return Reading(found, said, tuple(dict.fromkeys(runs)), left, prompt if own else plain(found))


def _hinted(hints: list[Part], found: dict, said: dict, left: dict) -> list[str]:
    """Hints count where no biome is named. Returns those that are of no use."""
    useless = []
    for part in hints:
        generic = found.get("biome") == "pine forest" and key(said["biome"]) in FORESTS
        if "biome" not in found or (part.hint == "autumn forest" and generic):
            found["biome"] = part.hint
            said["biome"] = " ".join(dict.fromkeys((*said.get("biome", "").split(), *part.said.split())))
            left.pop(part.said, None)
        elif not part.field and found["biome"] != part.hint:
            useless.append(part.said)
    return useless


def _unwanted(unwanted: list[Part], found: dict, said: dict) -> list[str]:
    """What is not wanted becomes none, or clear weather, where nothing else was named. Returns what cannot be promised."""
    useless = []
    for part in unwanted:
        field = part.field or next((field for field, names in ANY.items() if key(part.said) in names), "")
        if field in NOTHING and field not in found and part.value != "clear":
            found[field], said[field] = NOTHING[field], f"no {part.said}"
        elif part.kind == "thing" and field not in NOTHING:
            useless.append(f"no {part.said}")
    return useless


def denied(pieces: list[Part]) -> set[int]:
    """Places of all that is said not to be there: 'no snow', 'without a cabin or any sheep', 'snow-free'."""
    found: set[int] = set()
    for i, part in enumerate(pieces):
        if part.said == "free" and i and pieces[i - 1].kind == "thing":
            found |= {i - 1, i}
        if part.kind != "no" or (i + 1 < len(pieces) and pieces[i + 1].said in HARDLY):
            continue
        met = False
        for j in range(i + 1, len(pieces)):
            if pieces[j].telling:
                met = True
                found.add(j)
            elif pieces[j].kind == "no" or (met or pieces[j].kind == "break") and not _goes_on(pieces, j):
                break
    return found


def _goes_on(pieces: list[Part], j: int) -> bool:
    """Whether a list of unwanted things is not at its end: at 'or', at an article after it, at 'and' right before a word, at a comma
    before another 'or'."""
    word, after = pieces[j].said, pieces[j + 1 :]
    if word == ",":
        return next((part.said for part in after if not part.telling and part.said != ","), "") in OR
    if word in ("a", "an", "the", "any"):
        return pieces[j - 1].said in OR
    return word in OR or (word == "and" and bool(after) and after[0].telling)


def colors(pieces: list[Part]) -> dict[int, int]:
    """Which thing has which colour: place of the thing => place of the colour."""
    owners: dict[int, int] = {}
    for i, part in enumerate(pieces):
        if part.kind == "color":
            owner = _after(pieces, i)
            owner = _before(pieces, i) if owner is None else owner
            if owner is not None:
                owners.setdefault(owner, i)
    return owners


def _after(pieces: list[Part], i: int) -> int | None:
    """The thing that a colour stands before, two unknown words between them at most: 'a red wooden hut'. Ruins have no colour."""
    strange = 0
    for j in range(i + 1, len(pieces)):
        part = pieces[j]
        strange += part.kind == "unknown"
        if part.field in THINGS:
            return None if part.value == "ruins" else j
        if strange > 2 or (part.kind != "unknown" and part.field not in ("weather", "time")):
            return None
    return None


def _before(pieces: list[Part], i: int) -> int | None:
    """The thing that a colour is said of: 'a cabin painted red'. Not where a strange word follows: 'a cabin in red light'."""
    if i + 1 < len(pieces) and pieces[i + 1].telling:
        return None
    j = i - 1
    while j >= 0 and pieces[j].said in BACK:
        j -= 1
    return j if 0 <= j < i - 1 and pieces[j].field in THINGS and pieces[j].value != "ruins" else None


def fluent(prompt: str, pieces: list[Part]) -> bool:
    """Whether a prompt, wholly understood, is in the words of captions, and short enough for the painter."""
    own = all(part.taught or part.said in GLUE or part.said in (",", ":") for part in pieces)
    spaced = "".join(part.said if part.kind == "break" else f" {part.said}" for part in pieces).strip()
    return own and spaced == prompt.lower() and len(words(prompt)) + sum(map(prompt.count, ",:-")) <= LONGEST
