"""Small corpora of exactly the layouts in which their owners hand them out, with random numbers for poses."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tests.datasets.corpora import kaggle_parquet, pose_file, sequence_parquet, write_csv

# split, signer, sign language, text language, canonical prompt
Expected = tuple[str, str, str, str, str]


@dataclass(frozen=True)
class Layout:
    """A made corpus, the options to read it with, and what must come out; ``half`` is removed for half a download."""

    name: str
    make: Callable[[Path], None]
    expected: Mapping[str, Expected]
    half: str
    options: Mapping[str, Any] = field(default_factory=dict)
    stream: Mapping[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return "-".join([self.name, *(str(value) for value in self.options.values() if isinstance(value, str))])


def poses(folder: Path, *names: str) -> None:
    for number, name in enumerate(names):
        pose_file(folder / f"{name}.pose", 4 + number % 3)


def text(path: Path, *lines: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def ase(split: str, signer: str, prompt: str) -> Expected:
    return split, signer, "ase", "en", prompt


def rwth_fingerspelling(folder: Path) -> None:
    text(folder / "labels.txt", "1 = A", "27 = AE")
    text(folder / "train.txt", "1_1_1_cam2", "2_27_1_cam2")
    text(folder / "val.txt", "3_1_1_cam2")
    text(folder / "test.txt", "4_27_2_cam2")
    poses(folder / "pose", "1_1_1_cam2", "2_27_1_cam2", "3_1_1_cam2", "4_27_2_cam2")


def asl_signs(folder: Path) -> None:
    rows = [
        {"path": f"train_landmark_files/{p}/{s}.parquet", "participant_id": p, "sequence_id": s, "sign": sign}
        for p, s, sign in ((1, 11, "TV"), (2, 12, "cat"), (3, 13, "TV"), (4, 14, "cat"))
    ]
    write_csv(folder / "train.csv", rows)
    for row in rows:
        kaggle_parquet(folder / str(row["path"]), 3)


def spreadthesign(folder: Path) -> None:
    rows: Sequence[tuple[str, str, str, str]] = (
        ("0.pose", "ase", "en", "house"),
        ("1.pose", "gsg", "de", "Haus"),
        ("2.pose", "rsl-by", "en", "house"),
        ("3.pose", "gss-cy", "en", "How are you?"),
        ("4.pose", "swl", "en", "house"),
        ("5.pose", "bfi", "en", "in no list"),
        ("6.pose", "fsl", "en", "without a clip"),
    )
    names = ("pose", "videoLanguage", "language", "text")
    write_csv(folder / "metadata.csv", [dict(zip(names, row, strict=True)) for row in rows])
    poses(folder / "poses", *"012345")
    for split, numbers in {"train": "0126", "val": "3", "test": "4"}.items():
        text(folder / "splits" / "1.0.0-uzh" / f"{split}.txt", *numbers)


def asl_citizen(folder: Path) -> None:
    for split, videos in {"train": ("1-DOG", "2-DOG 2"), "val": ("3-DOG",), "test": ("4-ICE CREAM",)}.items():
        rows = [
            {
                "Participant ID": f"P{video[0]}",
                "Video file": f"{video}.mp4",
                "Gloss": "DOG1" if "DOG" in video else "ICECREAM",
                "ASL-LEX Code": "B_03_001",
            }
            for video in videos
        ]
        write_csv(folder / "splits" / f"{split}.csv", rows)
        poses(folder / "poses", *videos)


def sem_lex(folder: Path) -> None:
    names = ("", "video_id", "signer_id", "duration", "split", "label_type", "label")
    rows = (
        (0, "v1", "21", "1.5", "train", "asllex", "ice_cream_2"),
        (1, "v1", "21", "1.5", "train", "freetext", "ice cream"),
        (2, "v2", "7", "1.0", "val", "asllex", "dog"),
        (3, "v3", "8", "2.0", "test", "asllex", "dog"),
    )
    write_csv(folder / "semlex_metadata.csv", [dict(zip(names, row, strict=True)) for row in rows])
    poses(folder / "poses", "v1", "v2", "v3")


def wlasl(folder: Path) -> None:
    def instance(video: str, split: str, signer: int, end: int = -1) -> dict[str, Any]:
        known = {"bbox": [1, 2, 3, 4], "fps": 25, "frame_end": end, "frame_start": 1, "instance_id": 0}
        return {**known, "signer_id": signer, "source": "web", "split": split, "url": "", "variation_id": 0,
                "video_id": video}  # fmt: skip

    index = [
        {"gloss": "book", "instances": [instance("69241", "train", 118), instance("65225", "val", 90)]},
        {"gloss": "thin", "instances": [instance("00618", "test", 4, 3), instance("00619", "train", 5)]},
    ]
    text(folder / "WLASL_v0.3.json", json.dumps(index))
    poses(folder / "poses", "69241", "65225", "00618", "00619")


def pop_sign(folder: Path) -> None:
    for split, sign, video in (
        ("train", "TV", "a-1"),
        ("train", "cat", "a-2"),
        ("val", "TV", "b-1"),
        ("test", "cat", "c-1"),
    ):
        poses(folder / "poses" / split / sign, video)


def suisse(folder: Path) -> None:
    names = ("id", "name", "spokenLanguage", "signedLanguage", "category", "definition", "paraphrase", "example", "url",
             "videoDuration", "exampleVideoDuration")  # fmt: skip

    def entry(number: int, name: str, written: str, signed: str, example: str = "") -> dict[str, object]:
        return dict(zip(names, (number, name, written, signed, "", "", "", example, "", 2.5, 4.0), strict=True))

    train = [
        entry(1, "HAUS", "de", "dsgs", "Das Haus ist groß."),
        entry(2, "MAISON", "fr", "lsf-ch", "Un exemple sans vidéo"),
        entry(3, "CASA", "it", "lis-ch"),
    ]
    write_csv(folder / "metadata_train.csv", train)
    write_csv(folder / "metadata_test.csv", [entry(4, "HAUS", "de", "dsgs", "Ein Haus.")])
    poses(folder / "poses", *"1234")
    poses(folder / "poses_example", "1", "4")


def dicta_sign(folder: Path) -> None:
    names = ("id", "signed_language", "spoken_language", "text", "text_en", "gloss", "hamnosys")
    rows = (
        ("1_GSL", "GSL", "el", "σπίτι", "house", "", ""),
        ("1_LSF", "LSF", "fr", "maison", "house", "", ""),
        ("1_BSL", "BSL", "en", "house", "house", "", ""),
        ("2_DGS", "DGS", "de", "Hund", "dog", "", ""),
    )
    write_csv(folder / "concepts.csv", [dict(zip(names, row, strict=True)) for row in rows])
    poses(folder / "poses", *(row[0] for row in rows))


MANUAL, AUTOMATIC = "manual_annotations/isolated_signs", "automatic_annotations/isolated_signs"


def bobsl_islr(folder: Path) -> None:
    def signs(**glosses: tuple[str, float, float]) -> dict[str, Any]:
        return {
            gloss: {"names": [episode], "global_times": [seconds], "probs": [score]}
            for gloss, (episode, seconds, score) in glosses.items()
        }

    def write(name: str, **splits: dict[str, Any]) -> None:
        text(folder / name, json.dumps(splits))

    write(f"{MANUAL}/verified_dict_spottings.json", train={}, test=signs(happy=("e2", 0.2, 0.7)))
    write(f"{MANUAL}/verified_mouthing_spottings.json", test=signs(sad=("e2", 0.8, 0.6)))
    write(
        f"{AUTOMATIC}/dictionary/dictionary_spottings_v1.json",
        train=signs(happy=("e1", 0.4, 0.81), sad=("e1", 1.0, 0.5)),
    )
    write(f"{AUTOMATIC}/mouthing/mouthing_spottings_v1.json", train=signs(sad=("e1", 0.6, 0.95)))
    write(f"{AUTOMATIC}/attention/attention_spottings.json", val=signs(happy=("e1", 0.9, 0.6)))
    for episode in ("e1", "e2"):
        pose_file(folder / "poses" / f"{episode}.pose", 50)
        (folder / "lip").mkdir(exist_ok=True)
        np.save(folder / "lip" / f"{episode}.npy", np.ones((50, 768), np.float32))


def how2sign(folder: Path) -> None:
    header = "VIDEO_ID\tVIDEO_NAME\tSENTENCE_ID\tSENTENCE_NAME\tSTART_REALIGNED\tEND_REALIGNED\tSENTENCE"
    for split, rows in {
        "train": (("v", "v-5", "v_1", 0.1, 0.2, "Second one."), ("v", "v-5", "v_0", 0.0, 0.1, 'He says "hi", twice.')),
        "val": (("w", "w-5", "w_0", 0.0, 0.1, "Hello."),),
        "test": (("x", "x-5", "x_0", 0.0, 0.1, "Good’bye."), ("x", "x-8", "x_0", 0.0, 0.1, "Good’bye.")),
    }.items():
        lines = []
        for video, take, sentence, start, end, words in rows:
            name = f"{sentence}-{take[-1]}-rgb_front"
            lines.append("\t".join((video, f"{take}-rgb_front", sentence, name, str(start), str(end), words)))
            poses(folder / "poses", name)
        text(folder / f"how2sign_realigned_{split}.csv", header, *lines)


def phoenix14t(folder: Path) -> None:
    for split, day in {"train": "01April_2010", "dev": "02April_2010", "test": "03April_2010"}.items():
        name = f"{day}_heute-6697"
        row = f'{name}|{name}/1/*.png|-1|-1|Signer04|JETZT WETTER MORGEN|und nun "das wetter" für morgen'
        text(
            folder / "annotations" / "manual" / f"PHOENIX-2014-T.{split}.corpus.csv",
            "name|video|start|end|speaker|orth|translation",
            row,
        )
        poses(folder / "poses" / split, name)


def csl_daily(folder: Path) -> None:
    names = {
        "S000000_P0000_T00": "train",
        "S000000_P0004_T00": "train",
        "S000020_P0000_T00": "dev",
        "S000021_P0001_T00": "test",
    }
    rows = [f"{k}|{name}|54|他 今天 4 岁|他 今 年 四 岁 。|他 今年 四 岁 。|r t m q w" for k, name in enumerate(names)]
    text(folder / "sentence_label" / "video_map.txt", "index|name|length|gloss|char|word|postag", *rows)
    listed = [f"{name}|{split}" for name, split in names.items()]
    text(folder / "sentence_label" / "split_1.txt", "name|split", *listed)
    poses(folder / "poses", *names)


def chicago_fs_wild(folder: Path, name: str = "ChicagoFSWild") -> None:
    names = ("", "filename", "url", "start_time", "number_of_frames", "width", "height", "label_proc", "label_raw",
             "label_notes", "partition", "signer")  # fmt: skip
    rows = (
        (0, "aslized/elsie_stecker_0001", "u", "00:01", 4, 640, 360, "fox", "FOX", "", "train", "e1"),
        (1, "awti/deafed_(youtube)_0002", "u", "00:01", 4, 640, 360, "box", "BOX", "", "dev", "e2"),
        (2, "misc/ad_(nad)_0003", "u", "00:01", 4, 640, 360, "a&b", "A&B", "", "test", "e3"),
    )
    write_csv(folder / f"{name}.csv", [dict(zip(names, row, strict=True)) for row in rows])
    poses(folder / "poses", "aslized-elsie_stecker_0001", "awti-deafed_0002", "misc-ad_0003")


def google_asl_fingerspelling(folder: Path) -> None:
    rows = [
        {"path": f"train_landmarks/{file}.parquet", "file_id": file, "sequence_id": sequence, "participant_id": person,
         "phrase": phrase}
        for file, sequence, person, phrase in (
            (5414471, 1816796431, 217, "3 creekhouse"),
            (5414471, 1816825349, 107, "scales/kuhaylah"),
            (5414472, 1816909464, 1, "1383 william lanier"),
        )
    ]  # fmt: skip
    write_csv(folder / "train.csv", rows)
    for file in (5414471, 5414472):
        own = [int(str(row["sequence_id"])) for row in rows if row["file_id"] == file]
        sequence_parquet(folder / "train_landmarks" / f"{file}.parquet", own)


def sign_language_datasets(folder: Path) -> None:
    """What the pass over a TFDS data set leaves behind."""
    cache = folder / "asl_citizen-1.0.0-holistic-1.0.0-uzh"
    names = ("place", "split", "number", "id", "text", "signer_id", "frames", "fps")
    rows = (
        ("train/0000000", "train", 0, "0", "dog", "7", 4, 30.0),
        ("train/0000001", "train", 1, "1", "cat", "8", 5, 30.0),
        ("validation/0000000", "validation", 0, "0", "dog", "9", 6, 30.0),
    )
    write_csv(cache / "index.csv", [dict(zip(names, row, strict=True)) for row in rows])
    poses(cache / "poses", *(row[0] for row in rows))


LISTS = {"lists": {"train": "train.txt", "valid": "val.txt", "test": "test.txt"}}
TFDS = Layout(
    "sign_language_datasets",
    sign_language_datasets,
    {
        "train_0": ase("train", "7", "<en> <ase> dog"),
        "train_1": ase("train", "8", "<en> <ase> cat"),
        "validation_0": ase("valid", "9", "<en> <ase> dog"),
    },
    "poses/train/0000001.pose",
    {"corpus": "asl_citizen", "split_version": "1.0.0-uzh", "sign_language": "ase"},
)
DAILY = ("csl", "zh", "他今年四岁。")
PHOENIX = ("Signer04", "gsg", "de", 'und nun "das wetter" für morgen')

LAYOUTS = (
    Layout("rwth_fingerspelling", rwth_fingerspelling, {
        "1_1_1_cam2": ("train", "1", "gsg", "en", "Fingerspell the letter A in German Sign Language."),
        "2_27_1_cam2": ("train", "2", "gsg", "en", "Fingerspell the letter AE in German Sign Language."),
        "3_1_1_cam2": ("valid", "3", "gsg", "en", "Fingerspell the letter A in German Sign Language."),
        "4_27_2_cam2": ("test", "4", "gsg", "en", "Fingerspell the letter AE in German Sign Language."),
    }, "pose/3_1_1_cam2.pose", LISTS),
    Layout("asl_signs", asl_signs, {
        "11": ase("train", "1", 'Sign the sign "TV" in American Sign Language.'),
        "12": ase("train", "2", 'Sign the sign "cat" in American Sign Language.'),
        "13": ase("train", "3", 'Sign the sign "TV" in American Sign Language.'),
        "14": ase("train", "4", 'Sign the sign "cat" in American Sign Language.'),
    }, "train_landmark_files/2/12.parquet"),
    Layout("spreadthesign", spreadthesign, {
        "0": ase("train", "", "<en> <ase> house"),
        "2": ("train", "", "rsl-by", "en", "<en> <rsl-by> house"),
        "3": ("valid", "", "gss-cy", "en", "<en> <gss-cy> How are you?"),
        "4": ("test", "", "swl", "en", "<en> <swl> house"),
    }, "splits/1.0.0-uzh/val.txt"),
    Layout("spreadthesign", spreadthesign, {
        "0": ase("train", "", "<en> <ase> "),
        "2": ("train", "", "rsl-by", "en", "<en> <rsl-by> "),
        "3": ("valid", "", "gss-cy", "en", "<en> <gss-cy> "),
        "4": ("test", "", "swl", "en", "<en> <swl> "),
    }, "metadata.csv", {"task": "identification"}),
    Layout("spreadthesign", spreadthesign, {
        "0": ase("train", "", "<en> <ase> house"),
        "2": ("train", "", "rsl-by", "en", "<en> <ase> house"),
        "3": ("valid", "", "gss-cy", "en", "<en> <ase> How are you?"),
        "4": ("test", "", "swl", "en", "<en> <ase> house"),
    }, "poses", {"task": "conceptualization"}),
    Layout("asl_citizen", asl_citizen, {
        "1-DOG": ase("train", "P1", "<en> <ase> dog"),
        "2-DOG 2": ase("train", "P2", "<en> <ase> dog"),
        "3-DOG": ase("valid", "P3", "<en> <ase> dog"),
        "4-ICE CREAM": ase("test", "P4", "<en> <ase> icecream"),
    }, "splits/val.csv", {"gloss": "plain"}),
    Layout("asl_citizen", asl_citizen, {
        "1-DOG": ase("train", "P1", "<American Sign Language> DOG1"),
        "2-DOG 2": ase("train", "P2", "<American Sign Language> DOG1"),
        "3-DOG": ase("valid", "P3", "<American Sign Language> DOG1"),
        "4-ICE CREAM": ase("test", "P4", "<American Sign Language> ICECREAM"),
    }, "poses/3-DOG.pose", {"prompts": "<{sign_language_name}> {text}"}),
    Layout("sem_lex", sem_lex, {
        "v1": ase("train", "21", "<en> <ase> ice cream"),
        "v1.2": ase("train", "21", "<en> <ase> ice cream"),
        "v2": ase("valid", "7", "<en> <ase> dog"),
        "v3": ase("test", "8", "<en> <ase> dog"),
    }, "poses/v2.pose", {"gloss": "plain"}),
    Layout("wlasl", wlasl, {
        "69241": ase("train", "118", "<en> <ase> book"),
        "65225": ase("valid", "90", "<en> <ase> book"),
        "00618": ase("test", "4", "<en> <ase> thin"),
        "00619": ase("train", "5", "<en> <ase> thin"),
    }, "poses/00618.pose"),
    Layout("pop_sign", pop_sign, {
        "a-1": ase("train", "", "<en> <ase> TV"),
        "a-2": ase("train", "", "<en> <ase> cat"),
        "b-1": ase("valid", "", "<en> <ase> TV"),
        "c-1": ase("test", "", "<en> <ase> cat"),
    }, "poses/val"),
    Layout("suisse", suisse, {
        "1": ("train", "", "sgg", "de", "<de> <sgg> HAUS"),
        "1_example": ("train", "", "sgg", "de", "<de> <sgg> Das Haus ist groß."),
        "2": ("train", "", "fsl", "fr", "<fr> <fsl> MAISON"),
        "3": ("valid", "", "ise", "it", "<it> <ise> CASA"),
        "4": ("test", "", "sgg", "de", "<de> <sgg> HAUS"),
        "4_example": ("test", "", "sgg", "de", "<de> <sgg> Ein Haus."),
    }, "metadata_test.csv", {"valid_rows": 1}),
    Layout("dicta_sign", dicta_sign, {
        "1_GSL": ("test", "", "gss", "en", "<en> <gss>"),
        "1_LSF": ("test", "", "fsl", "en", "<en> <fsl>"),
    }, "poses/1_LSF.pose"),
    Layout("dicta_sign", dicta_sign, {
        "1_GSL": ("train", "", "gss", "en", "<en> <gss> house"),
        "1_LSF": ("train", "", "fsl", "en", "<en> <fsl> house"),
        "1_BSL": ("train", "", "bfi", "en", "<en> <bfi> house"),
        "2_DGS": ("train", "", "gsg", "en", "<en> <gsg> dog"),
    }, "concepts.csv", {
        "task": "identification_oracle", "languages": ["GSL", "BSL", "DGS", "LSF"], "split_by": "random",
        "valid_share": 0, "test_share": 0,
    }),
    Layout("bobsl_islr", bobsl_islr, {
        "e2_00000200_verified_dict_happy": ("test", "", "bfi", "en", "<en> <bfi> happy"),
        "e2_00000800_verified_mouthing_sad": ("test", "", "bfi", "en", "<en> <bfi> sad"),
        "e1_00000400_dict_happy": ("train", "", "bfi", "en", "<en> <bfi> happy"),
        "e1_00000600_mouthing_sad": ("train", "", "bfi", "en", "<en> <bfi> sad"),
        "e1_00000900_attention_happy": ("valid", "", "bfi", "en", "<en> <bfi> happy"),
    }, "poses/e2.pose", {"also": {"lip": "lip/{episode}.npy"}}),
    Layout("bobsl_islr", bobsl_islr, {
        "e2_00000200_verified_dict_happy": ("test", "", "bfi", "en", "<en> <bfi> happy"),
        "e2_00000800_verified_mouthing_sad": ("test", "", "bfi", "en", "<en> <bfi> sad"),
        "e1_00000400_dict_happy": ("train", "", "bfi", "en", "<en> <bfi> happy"),
        "e1_00000600_mouthing_sad": ("train", "", "bfi", "en", "<en> <bfi> sad"),
        "e1_00000900_attention_happy": ("valid", "", "bfi", "en", "<en> <bfi> happy"),
    }, f"{AUTOMATIC}/attention/attention_spottings.json", {"features": "lip"}, {"kind": "features", "size": 768}),
    Layout("how2sign", how2sign, {
        "v_1-5-rgb_front": ase("train", "", "Second one."),
        "v_0-5-rgb_front": ase("train", "", 'He says "hi", twice.'),
        "w_0-5-rgb_front": ase("valid", "", "Hello."),
        "x_0-5-rgb_front": ase("test", "", "Good’bye."),
        "x_0-8-rgb_front": ase("test", "", "Good’bye."),
    }, "how2sign_realigned_test.csv"),
    Layout("phoenix14t", phoenix14t, {
        "01April_2010_heute-6697": ("train", *PHOENIX),
        "02April_2010_heute-6697": ("valid", *PHOENIX),
        "03April_2010_heute-6697": ("test", *PHOENIX),
    }, "poses/dev"),
    Layout("csl_daily", csl_daily, {
        "S000000_P0000_T00": ("train", "P0000", *DAILY),
        "S000000_P0004_T00": ("train", "P0004", *DAILY),
        "S000020_P0000_T00": ("valid", "P0000", *DAILY),
        "S000021_P0001_T00": ("test", "P0001", *DAILY),
    }, "sentence_label/split_1.txt"),
    Layout("chicago_fs_wild", chicago_fs_wild, {
        "aslized-elsie_stecker_0001": ase("train", "e1", "<en> <ase> fox"),
        "awti-deafed_0002": ase("valid", "e2", "<en> <ase> box"),
        "misc-ad_0003": ase("test", "e3", "<en> <ase> a&b"),
    }, "poses/misc-ad_0003.pose"),
    Layout("chicago_fs_wild", lambda folder: chicago_fs_wild(folder, "ChicagoFSWildPlus"), {
        "aslized-elsie_stecker_0001": ase("train", "e1", "<en> <ase> fox"),
        "awti-deafed_0002": ase("valid", "e2", "<en> <ase> box"),
        "misc-ad_0003": ase("test", "e3", "<en> <ase> a&b"),
    }, "ChicagoFSWildPlus.csv", {"version": "plus"}),
    Layout("google_asl_fingerspelling", google_asl_fingerspelling, {
        "1816796431": ase("train", "217", "<en> <ase> 3 creekhouse"),
        "1816825349": ase("train", "107", "<en> <ase> scales/kuhaylah"),
        "1816909464": ase("train", "1", "<en> <ase> 1383 william lanier"),
    }, "train_landmarks/5414472.parquet", {"valid_share": 0, "test_share": 0}),
)  # fmt: skip
