"""Make engines/weights/imagenet.json out of ImageNet's class list and WordNet 3.0.

    pip download --no-deps timm==1.0.31
    apt-get install wordnet-base
    python scripts/export_labels.py timm-1.0.31-py3-none-any.whl /usr/share/wordnet/data.noun

Class order and lemmas come from timm; the parents of a class are its WordNet hypernyms but for
those that nobody would say. A name in `SAID` replaces WordNet's first lemma where a person would
use another word, or where two classes share one.
"""

import json
import sys
import zipfile
from pathlib import Path
from typing import NamedTuple, TypedDict

FOLDER = Path(__file__).parents[1] / "engines" / "weights"

SAID = {
    "African grey": "African grey parrot",
    "Airedale": "Airedale terrier",
    "American egret": "Great egret",
    "Angora": "Angora rabbit",
    "Appenzeller": "Appenzeller mountain dog",
    "Band Aid": "Band-Aid",
    "Boston bull": "Boston terrier",
    "Brabancon griffon": "Brabançon griffon",
    "Cardigan": "Cardigan Welsh corgi",
    "Crock Pot": "Crock-Pot",
    "Dandie Dinmont": "Dandie Dinmont terrier",
    "Doberman": "Doberman pinscher",
    "English springer": "English springer spaniel",
    "EntleBucher": "Entlebucher mountain dog",
    "Granny Smith": "Granny Smith apple",
    "Leonberg": "Leonberger",
    "Lhasa": "Lhasa apso",
    "Loafer": "Loafer shoe",
    "Madagascar cat": "Ring-tailed lemur",
    "Mexican hairless": "Mexican hairless dog",
    "Model T": "Ford Model T",
    "Newfoundland": "Newfoundland dog",
    "Pekinese": "Pekingese",
    "Pembroke": "Pembroke Welsh corgi",
    "Scotch terrier": "Scottish terrier",
    "Staffordshire bullterrier": "Staffordshire bull terrier",
    "Walker hound": "Walker foxhound",
    "admiral": "Admiral butterfly",
    "alp": "Alpine mountain",
    "amphibian": "Amphibious vehicle",
    "anemone fish": "Clownfish",
    "ashcan": "Trash can",
    "ballplayer": "Baseball player",
    "ballpoint": "Ballpoint pen",
    "bannister": "Banister",
    "barracouta": "Snoek",
    "barrow": "Wheelbarrow",
    "basset": "Basset hound",
    "beach wagon": "Station wagon",
    "beacon": "Lighthouse",
    "bearskin": "Bearskin hat",
    "bicycle-built-for-two": "Tandem bicycle",
    "bighorn": "Bighorn sheep",
    "binder": "Ring binder",
    "bluetick": "Bluetick coonhound",
    "bottlecap": "Bottle cap",
    "bow": "Archery bow",
    "boxer": "Boxer dog",
    "brass": "Memorial plaque",
    "brassiere": "Bra",
    "buckeye": "Horse chestnut",
    "bull mastiff": "Bullmastiff",
    "cab": "Taxi",
    "cairn": "Cairn terrier",
    "caldron": "Cauldron",
    "capuchin": "Capuchin monkey",
    "carpenter's kit": "Tool kit",
    "cellular telephone": "Mobile phone",
    "chainlink fence": "Chain-link fence",
    "chest": "Storage chest",
    "chow": "Chow chow",
    "clog": "Clog shoe",
    "clumber": "Clumber spaniel",
    "cock": "Rooster",
    "coho": "Coho salmon",
    "colobus": "Colobus monkey",
    "confectionery": "Candy store",
    "consomme": "Consommé",
    "dial telephone": "Rotary dial telephone",
    "diamondback": "Diamondback rattlesnake",
    "dishrag": "Dishcloth",
    "disk brake": "Disc brake",
    "ear": "Ear of corn",
    "eft": "Red eft",
    "fiddler crab": "Fiddler crab",
    "file": "Filing cabinet",
    "four-poster": "Four-poster bed",
    "gasmask": "Gas mask",
    "golfcart": "Golf cart",
    "grille": "Radiator grille",
    "groenendael": "Groenendael dog",
    "groom": "Bridegroom",
    "guenon": "Guenon monkey",
    "hair slide": "Hair clip",
    "half track": "Half-track",
    "hammerhead": "Hammerhead shark",
    "hand blower": "Hair dryer",
    "hand-held computer": "Handheld computer",
    "hard disc": "Hard disk",
    "head cabbage": "Cabbage",
    "hip": "Rose hip",
    "hog": "Pig",
    "hoopskirt": "Hoop skirt",
    "hotdog": "Hot dog",
    "ice bear": "Polar bear",
    "jean": "Jeans",
    "jersey": "T-shirt",
    "jinrikisha": "Rickshaw",
    "kelpie": "Australian kelpie",
    "kite": "Kite (bird)",
    "lesser panda": "Red panda",
    "liner": "Ocean liner",
    "loggerhead": "Loggerhead turtle",
    "lumbermill": "Sawmill",
    "lycaenid": "Lycaenid butterfly",
    "magnetic compass": "Compass",
    "malamute": "Alaskan malamute",
    "malinois": "Belgian Malinois",
    "meat loaf": "Meatloaf",
    "medicine chest": "Medicine cabinet",
    "microwave": "Microwave oven",
    "monarch": "Monarch butterfly",
    "monitor": "Computer monitor",
    "mortar": "Mortar and pestle",
    "mouse": "Computer mouse",
    "muzzle": "Dog muzzle",
    "nipple": "Bottle nipple",
    "notebook": "Notebook computer",
    "organ": "Pipe organ",
    "pajama": "Pajamas",
    "panpipe": "Pan pipes",
    "papillon": "Papillon dog",
    "passenger car": "Railway carriage",
    "patas": "Patas monkey",
    "pay-phone": "Payphone",
    "pick": "Guitar pick",
    "pickup": "Pickup truck",
    "pirate": "Pirate ship",
    "plane": "Carpenter's plane",
    "pop bottle": "Soda bottle",
    "pot": "Flowerpot",
    "potpie": "Pot pie",
    "puck": "Hockey puck",
    "puffer": "Pufferfish",
    "quill": "Quill pen",
    "racer": "Race car",
    "red-backed sandpiper": "Dunlin",
    "redbone": "Redbone coonhound",
    "ringlet": "Ringlet butterfly",
    "robin": "American robin",
    "rock beauty": "Rock beauty fish",
    "rubber eraser": "Eraser",
    "rule": "Ruler",
    "saltshaker": "Salt shaker",
    "sax": "Saxophone",
    "scale": "Weighing scale",
    "screen": "CRT screen",
    "sidewinder": "Sidewinder rattlesnake",
    "slot": "Slot machine",
    "sorrel": "Sorrel horse",
    "streetcar": "Tram",
    "studio couch": "Sofa bed",
    "sunglass": "Dark glasses",
    "swab": "Mop",
    "switch": "Electric switch",
    "tabby": "Tabby cat",
    "tank": "Army tank",
    "teddy": "Teddy bear",
    "thresher": "Threshing machine",
    "titi": "Titi monkey",
    "toilet tissue": "Toilet paper",
    "toyshop": "Toy shop",
    "trailer truck": "Articulated truck",
    "upright": "Upright piano",
    "vacuum": "Vacuum cleaner",
    "walking stick": "Stick insect",
    "warplane": "Military plane",
    "washer": "Washing machine",
    "water ouzel": "Dipper",
    "web site": "Website",
    "whiptail": "Whiptail lizard",
    "wing": "Aircraft wing",
    "wood rabbit": "Cottontail rabbit",
    "wreck": "Shipwreck",
}

SAID_OF_HOMONYMS = {
    "n02012849": "Crane (bird)",
    "n03126707": "Construction crane",
    "n03710637": "Maillot",
    "n03710721": "One-piece swimsuit",
}

AS_WRITTEN = {"iPod"}

UNSAID = frozenset(
    """entity, physical entity, object, whole, artifact, organism, living thing, instrumentality,
    chordate, placental, matter, solid, substance, abstraction, covering, conveyance, implement,
    self-propelled vehicle, wheeled vehicle, diapsid, anapsid, saurian, metatherian, prototherian,
    durables, consumer goods, commodity, nutriment, foodstuff, ware, article, part, piece,
    obstruction, barrier, restraint, mechanism, mechanical device, device, craft, furnishing,
    protective covering, structure, establishment, place of business, mercantile establishment,
    housing, support, supporting structure, natural object, natural elevation, reproductive
    structure, plant organ, plant part, aquatic vertebrate, oscine, passerine, colubrid snake,
    decapod crustacean, even-toed ungulate, odd-toed ungulate, bovid, phasianid, anseriform bird,
    leporid, lagomorph, elapid, iguanid, agamid, ambystomid, cyprinid, cypriniform fish,
    coraciiform bird, piciform bird, teleost fish, elasmobranch, chelonian, course, flavorer,
    ingredient, system, group, unit, event, psychological feature, attribute, communication,
    causal agent, process, thing, surface, way, area, region, location, space, opening, shape,
    figure, solid figure, round shape, phenomenon, relation, measure, fundamental quantity,
    white goods, source of illumination, blind, top, screen, protection, sign, signal, indicator,
    attire, piece of cloth, edge tool, cutter, cutting implement, beating-reed instrument,
    game equipment, homopterous insect, dictyopterous insect, orthopterous insect,
    hymenopterous insect, lepidopterous insect, lamellicorn beetle, soft-finned fish,
    spiny-finned fish, arthropod genus, Sennenhunde, wirehair, plate, brass, vascular plant,
    spermatophyte, angiosperm, creation, product, production, excavation, passage, body,
    trophotropic response, feature, visual signal, artificial language""".replace("\n    ", " ")
    .replace("  ", " ")
    .split(", ")
)
"""WordNet's upper and technical terms, which are no label of a picture."""

COCO_CLASSES = {
    "n02769748": "backpack",
    "n07753592": "banana",
    "n07714990": "broccoli",
    "n07697537": "hot dog",
    "n03085013": "keyboard",
    "n03642806": "laptop",
    "n03761084": "microwave",
    "n03793489": "mouse",
    "n07747607": "orange",
    "n03891332": "parking meter",
    "n07873807": "pizza",
    "n04070727": "refrigerator",
    "n04074963": "remote",
    "n04399382": "teddy bear",
    "n04442312": "toaster",
    "n06874185": "traffic light",
    "n04507155": "umbrella",
    "n04522168": "vase",
    "n02391049": "zebra",
    "n02131653": "bear",
    "n01503061": "bird",
    "n02858304": "boat",
    "n02876657": "bottle",
    "n02924116": "bus",
    "n02958343": "car",
    "n02121808": "cat",
    "n03001627": "chair",
    "n03046257": "clock",
    "n02084071": "dog",
    "n02503517": "elephant",
    "n00007846": "person",
    "n04490091": "truck",
}
"""Synsets that are exactly a COCO class, whose machine id is therefore known."""


class Synset(NamedTuple):
    """A WordNet noun: its first word, and what it is a kind of."""

    word: str
    hypernym: str


class Named(TypedDict, total=False):
    """A label as it is stored."""

    name: str
    mid: str
    parents: list["Named"]


def main(timm: str, wordnet: str) -> None:
    """Write the file."""
    nouns = read_nouns(Path(wordnet))
    mids = read_mids(FOLDER / "coco.json", Path(__file__).with_name("imagenet_mids.json"))
    labels = [label(wnid, word, nouns, mids) for wnid, word in read_classes(timm)]
    names = [one["name"] for one in labels]
    if len(set(names)) != 1000:
        raise SystemExit(f"not unique: {sorted(n for n in set(names) if names.count(n) > 1)}")
    rows = ",\n".join(json.dumps(one, ensure_ascii=False) for one in labels)
    (FOLDER / "imagenet.json").write_text(f"[\n{rows}\n]\n", "utf-8")


def read_classes(timm: str) -> list[tuple[str, str]]:
    """ImageNet's classes in order: synset id and first lemma."""
    with zipfile.ZipFile(timm) as wheel:
        wnids = wheel.read("timm/data/_info/imagenet_synsets.txt").decode().split()
        text = wheel.read("timm/data/_info/imagenet_synset_to_lemma.txt").decode()
    lemmas = dict(line.split("\t", 1) for line in text.splitlines())
    return [(wnid, lemmas[wnid].split(", ")[0]) for wnid in wnids]


def read_nouns(data: Path) -> dict[str, Synset]:
    """WordNet's nouns by id; the form is that of `man 5 wndb`."""
    rows = (line.split(" | ")[0].split() for line in data.open(encoding="utf-8") if line[0] != " ")
    return {"n" + row[0]: read_synset(row) for row in rows}


def read_synset(row: list[str]) -> Synset:
    """One row: offset, file, type, count of words (hex), words, count of pointers, pointers."""
    start = 5 + 2 * int(row[3], 16)
    pointers = zip(row[start::4], row[start + 1 :: 4], strict=False)
    above = next((other for kind, other in pointers if kind in ("@", "@i")), "")
    return Synset(row[4].replace("_", " "), above and "n" + above)


def read_mids(coco: Path, imagenet: Path) -> dict[str, str]:
    """Machine ids by synset: those of the classes themselves, and of what is a COCO class."""
    by_name = {one["name"].lower(): one["mid"] for one in json.loads(coco.read_text("utf-8"))}
    own: dict[str, str] = json.loads(imagenet.read_text("utf-8"))
    return own | {wnid: by_name[name] for wnid, name in COCO_CLASSES.items()}


def label(wnid: str, word: str, nouns: dict[str, Synset], mids: dict[str, str]) -> Named:
    """A class with its parents, nearest first."""
    name = SAID_OF_HOMONYMS.get(wnid) or SAID.get(word) or written(word)
    made = named(name, wnid, mids)
    above = []
    while wnid := nouns[wnid].hypernym:
        if nouns[wnid].word not in UNSAID:
            above.append(named(written(nouns[wnid].word), wnid, mids))
    if above:
        made["parents"] = above
    return made


def named(name: str, wnid: str, mids: dict[str, str]) -> Named:
    """A name, with a machine id where a true one is known."""
    return {"name": name, "mid": mids[wnid]} if wnid in mids else {"name": name}


def written(word: str) -> str:
    """A word as a label begins: with a capital."""
    return word if word in AS_WRITTEN else word[0].upper() + word[1:]


if __name__ == "__main__":
    main(*sys.argv[1:])
