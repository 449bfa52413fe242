"""Which language a text is in, guessed from its letters."""

from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier  # type: ignore[import-untyped]

UNKNOWN = "und"
"""ISO 639-2's word for undetermined."""
KNOWN = (
    *("cs", "da", "de", "en", "es", "et", "fi", "fr", "hr", "hu", "is", "it", "ja", "lt", "lv"),
    *("nl", "no", "pl", "pt", "ro", "sk", "sl", "sv", "tr", "zh"),
)
"""Those that the default recogniser can read."""
RIVALS = (
    *("af", "br", "ca", "cy", "eo", "eu", "ga", "gl", "ht", "id", "jv", "la", "lb", "ms", "mt"),
    *("oc", "sq", "sw", "tl", "vi"),
)
"""Others in Latin letters, each taken for one of the known if it were not known as well."""
LEAST_LETTERS = 4
LEAST_CERTAIN = 0.3
CERTAIN_RIVAL = 0.4


def guess(text: str, otherwise: str = UNKNOWN) -> str:
    """The ISO 639-1 code of a text's language; `UNKNOWN` for one that is none of the known.

    Args:
        text: some words; of one alone little can be told.
        otherwise: the answer when the guess would be too uncertain.
    """
    letters = sum(character.isalpha() for character in text)
    if letters < (LEAST_LETTERS if text.isascii() else 2):
        return otherwise
    beliefs = dict(_identifier().rank(text))
    rival, certainty = max(beliefs.items(), key=lambda pair: pair[1])
    if rival in RIVALS and certainty >= CERTAIN_RIVAL:
        return UNKNOWN
    language = max(KNOWN, key=lambda one: beliefs[one])
    among_known = beliefs[language] / sum(beliefs[one] for one in KNOWN)
    return language if among_known >= LEAST_CERTAIN else otherwise


@cache
def _identifier() -> LanguageIdentifier:
    """The library's, cut down to `KNOWN` and `RIVALS`."""
    whole = LanguageIdentifier.from_model_file(MODEL_FILE)
    whole.set_languages(KNOWN + RIVALS)
    parts = (whole.nb_ptc, whole.nb_pc, whole.nb_classes, whole.tk_nextmove, whole.tk_output)
    return LanguageIdentifier(*parts, norm_probs=True, tk_row=whole.tk_row)
