"""Language tags: ISO 639-3 for sign languages, ISO 639-1 or 639-3 for written ones, with their names."""

from __future__ import annotations

from mmpt_sign.registry import nearest

SIGN_LANGUAGES = {
    "aed": "Argentine Sign Language",
    "ase": "American Sign Language",
    "asf": "Australian Sign Language",
    "asq": "Austrian Sign Language",
    "bfi": "British Sign Language",
    "bqn": "Bulgarian Sign Language",
    "bzs": "Brazilian Sign Language",
    "cse": "Czech Sign Language",
    "csf": "Cuban Sign Language",
    "csg": "Chilean Sign Language",
    "csl": "Chinese Sign Language",
    "csq": "Croatian Sign Language",
    "dse": "Dutch Sign Language",
    "dsl": "Danish Sign Language",
    "eso": "Estonian Sign Language",
    "fse": "Finnish Sign Language",
    "fsl": "French Sign Language",
    "gsg": "German Sign Language",
    "gss": "Greek Sign Language",
    "gss-cy": "Cypriot Sign Language",
    "hsh": "Hungarian Sign Language",
    "icl": "Icelandic Sign Language",
    "ils": "International Sign",
    "ins": "Indian Sign Language",
    "ise": "Italian Sign Language",
    "jos": "Jordanian Sign Language",
    "jsl": "Japanese Sign Language",
    "kvk": "Korean Sign Language",
    "lls": "Lithuanian Sign Language",
    "lsl": "Latvian Sign Language",
    "mfs": "Mexican Sign Language",
    "nsl": "Norwegian Sign Language",
    "nzs": "New Zealand Sign Language",
    "pks": "Pakistani Sign Language",
    "psr": "Portuguese Sign Language",
    "pso": "Polish Sign Language",
    "rms": "Romanian Sign Language",
    "rsl": "Russian Sign Language",
    "rsl-by": "Belarusian Sign Language",
    "sgg": "Swiss German Sign Language",
    "slf": "Swiss Italian Sign Language",
    "ssp": "Spanish Sign Language",
    "ssr": "Swiss French Sign Language",
    "svk": "Slovak Sign Language",
    "swl": "Swedish Sign Language",
    "tsm": "Turkish Sign Language",
    "ukl": "Ukrainian Sign Language",
    "vgt": "Flemish Sign Language",
    "ysl": "Yugoslav Sign Language",
}
TEXT_LANGUAGES = {
    "ar": "Arabic",
    "bg": "Bulgarian",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "et": "Estonian",
    "fi": "Finnish",
    "fr": "French",
    "hi": "Hindi",
    "hr": "Croatian",
    "hu": "Hungarian",
    "is": "Icelandic",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "lt": "Lithuanian",
    "lv": "Latvian",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sk": "Slovak",
    "sv": "Swedish",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "ur": "Urdu",
    "zh": "Chinese",
}


def sign_language_name(tag: str) -> str:
    """The English name, or the tag itself where the name is not known."""
    return SIGN_LANGUAGES.get(tag, tag)


def text_language_name(tag: str) -> str:
    """The English name, or the tag itself where the name is not known."""
    return TEXT_LANGUAGES.get(tag, tag)


def problem_with(tag: str, kind: str) -> str | None:
    """What is wrong with a tag of kind ``sign`` or ``text``; unknown but well-formed tags are only told from typos."""
    known = SIGN_LANGUAGES if kind == "sign" else TEXT_LANGUAGES
    lengths = (3,) if kind == "sign" else (2, 3)
    if tag in known:
        return None
    standard = "ISO 639-3" if kind == "sign" else "ISO 639-1 or 639-3"
    if len(tag) not in lengths or not (tag.isascii() and tag.islower() and tag.isalpha()):
        return f"'{tag}' is not an {standard} tag of a {kind} language{nearest(tag.lower(), list(known))}"
    return None
