"""Texts without what is the user's: flatline's words, Keras' names and numbers stay, other names are replaced."""

import builtins
import re
from collections.abc import Mapping

from flatline.reports.words import WORD, keras_names, vocabulary

_CLAUSE = re.compile(r"([:;·] |[()…]|\n)")
_SPAN = re.compile(r"(`[^`]*`)")
_RAISED = re.compile(
    r"\b(?:(crashed: |raised |raises |exception: )(\w+)|()(\w+(?:Error|Exception)(?=:))).*", re.DOTALL
)  # what an error says may be any text, digits of the data among it
_TOKEN = re.compile(r"""("[^"\n]*"|'[^'\n]*')|(#[^\n]*)|([^\W\d]\w*|\ue000\d+\ue001)""")
_HELD = re.compile("\ue000(\\d+)\ue001")  # in the place of a name that is no word, until all else is done


class Cloak:
    """Gives every name of the user's another one, the same wherever it stands.

    Parameters
    ----------
    names : mapping of str to str
        Names that are known, of layers and outputs, and what they are called instead. Any other name is called by
        number, `name-1`, in the order in which they are met.

    Examples
    --------
    >>> cloak = Cloak({"patients": "dense-1"})
    >>> cloak.prose("`patients` is flat; `nurses` is not: crashed: ValueError: bed 7")
    '`dense-1` is flat; `name-1` is not: crashed: ValueError'
    >>> cloak.code('keras.layers.Dense(2, loss=nurses, name="patients")')
    'keras.layers.Dense(2, loss=name-1, name="dense-1")'
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self._words = vocabulary()
        self._names = dict(names)
        self._others: dict[str, str] = {}
        self._longest = sorted(names, key=len, reverse=True)
        odd = (re.escape(name) for name in self._longest if len(name) > 2 and not WORD.fullmatch(name))
        self._odd = re.compile("|".join(odd) or r"(?!)")

    def name(self, text: str) -> str:
        """Return another name, or the same where it is flatline's or Keras'."""
        if text in self._names:
            return self._names[text]
        if text in self._words.names:  # a quantity, `input_rms`, also where an input is called `input`
            return text
        if text.startswith("val_"):
            return f"val_{self.name(text.removeprefix('val_'))}"
        for name in self._longest:  # Keras calls the metrics of several outputs after them
            if text.startswith(f"{name}_"):
                return f"{self._names[name]}_{self.name(text.removeprefix(f'{name}_'))}"
        words = WORD.findall(text)
        return text if words and all(word in self._words.names for word in words) else self.other(text)

    def prose(self, text: str) -> str:
        """Return a sentence with other names in backticks, and with "…" for each clause that is not flatline's."""
        text = _RAISED.sub(lambda raised: f"{raised[1] or ''}{_error(raised[2] or raised[4])}", self._held(text))
        clauses = _CLAUSE.split(text)
        clauses[::2] = [self._clause(clause) for clause in clauses[::2]]
        return self._told("".join(clauses))

    def code(self, text: str) -> str:
        """Return a piece of code with other names."""
        return self._told(_TOKEN.sub(self._token, self._held(text)))

    def other(self, name: str) -> str:
        """Return the number that a name of no known place goes by."""
        return self._others.setdefault(name, f"name-{len(self._others) + 1}")

    @staticmethod
    def kind(kind: str) -> str:
        """Return the class of a layer as Keras writes it in names; `layer` for one of the user's own."""
        if kind not in keras_names():
            return "layer"
        return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z0-9])(?=[A-Z][a-z])", "_", kind).lower()

    def _clause(self, clause: str) -> str:
        parts = _SPAN.split(clause)
        bare = [word for part in parts[::2] for word in WORD.findall(part)]
        if any(not self._is_word(word) and word not in self._names for word in bare):
            return re.sub(r"\S.*\S|\S", "…", clause, flags=re.DOTALL)
        parts[::2] = [WORD.sub(lambda word: self._bare(word[0]), part) for part in parts[::2]]
        parts[1::2] = [f"`{self._span(part[1:-1])}`" for part in parts[1::2]]
        return "".join(parts)

    def _span(self, span: str) -> str:
        return self._names[span] if span in self._names else _TOKEN.sub(self._token, span)

    def _bare(self, word: str) -> str:
        return word if self._is_word(word) else self._names[word]

    def _is_word(self, word: str) -> bool:
        small, words = word.lower(), self._words.sentences
        return small in words or (small.endswith("s") and small[:-1] in words) or _is_exception(word)

    def _token(self, found: "re.Match[str]") -> str:
        quoted, comment, word = found.groups()
        if quoted is not None:
            return f"{quoted[0]}{self._literal(quoted[1:-1], found.string[: found.start()])}{quoted[0]}"
        if comment is not None:
            return WORD.sub(lambda each: self._names.get(each[0]) or self._known(each[0]), comment)
        return word if _HELD.fullmatch(word) else self._known(word)

    def _literal(self, text: str, before: str) -> str:
        if _HELD.fullmatch(text) or not text:
            return text
        is_name = re.search(r"(\bname=|get_layer\()$", before) is not None
        return self.name(text) if is_name or text not in self._words.names else text

    def _known(self, word: str) -> str:
        return word if word in self._words.code else self._names.get(word) or self.other(word)

    def _held(self, text: str) -> str:
        text = text.replace("\ue000", "").replace("\ue001", "")
        return self._odd.sub(lambda found: f"\ue000{self._longest.index(found[0])}\ue001", text)

    def _told(self, text: str) -> str:
        return _HELD.sub(lambda held: self._names[self._longest[int(held[1])]], text)


def _error(name: str) -> str:
    return name if _is_exception(name) else "an exception"


def _is_exception(name: str) -> bool:
    """Whether it is one of Python's own."""
    kind = getattr(builtins, name, None)
    return isinstance(kind, type) and issubclass(kind, BaseException)
