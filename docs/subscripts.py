"""Formulas and symbols in the prose of the site get their subscripts: LiCoO2, p_O2, T^-2.  Code stays as it is."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from sinterface.models.basics import formula
from sinterface.models.basics.errors import InputError

ANY_METAL = "M"
"""Stands for any metal in names of families, such as LaMO3."""

FORMULA = r"(?<![\w.-])(?:\(?[A-Z][a-z]?\d{0,2}(?:\.\d+)?(?:\)\d{0,2}(?:\.\d+)?)?)+(?![\w-])"
SYMBOL = r"(?<![\w.])(?:[A-Za-z]|mu|[cC]p|sd|d[A-Zx])_(?![A-Z]{3})[A-Za-z0-9]+(?![\w.]\w)"
POWER = r"(?<=[A-Za-z])\^-?\d+(?:\.\d+)?"
MARKED = re.compile(f"{FORMULA}|{SYMBOL}|{POWER}")
GASES = ("O2", "N2", "H2")
AS_WRITTEN = (nodes.literal, nodes.FixedTextElement, nodes.math, nodes.raw, addnodes.desc)
"""Code, equations, and what is made of docstrings."""


def pieces(text: str) -> list[nodes.Node]:
    """Texts and nodes that stand for a text.

    >>> [str(piece) for piece in pieces("LiCoO2 in O2, F1 of NMC811")]
    ['LiCoO', '<subscript>2</subscript>', ' in O', '<subscript>2</subscript>', ', F1 of NMC811']
    >>> [str(piece) for piece in pieces("p_O2 and T^-2")]
    ['p', '<subscript>O2</subscript>', ' and T', '<superscript>-2</superscript>']
    """
    parts: list[nodes.Node] = []
    end = 0

    def plain(upto: int) -> None:
        if upto > end:
            parts.append(nodes.Text(text[end:upto]))

    for match in MARKED.finditer(text):
        word = match[0]
        if word.startswith("^"):
            plain(match.start())
            parts.append(nodes.superscript("", word[1:]))
            end = match.end()
        elif "_" in word:
            plain(match.start() + word.index("_"))
            parts.append(nodes.subscript("", word.split("_")[1]))
            end = match.end()
        elif is_formula(word):
            for number in re.finditer(r"\d+(?:\.\d+)?", word):
                plain(match.start() + number.start())
                parts.append(nodes.subscript("", number[0]))
                end = match.start() + number.end()
    plain(len(text))
    return parts


def is_formula(word: str) -> bool:
    """Whether a word is a formula with amounts: several elements, or a gas.

    >>> [is_formula(word) for word in ("Li7La3Zr2O12", "LaMO3", "F1", "H2", "HDF5", "LCO")]
    [True, True, False, True, False, False]
    """
    symbols = re.findall("[A-Z][a-z]?", word)
    if not any(map(str.isdigit, word)) or (len(symbols) < 2 and word not in GASES):
        return False
    try:
        return all(symbol == ANY_METAL or (symbol != "D" and formula.atomic_mass(symbol) > 0.0) for symbol in symbols)
    except InputError:  # no element
        return False


class Subscripts(SphinxPostTransform):
    """Runs on what is shown; the search index keeps formulas as they are written."""

    default_priority = 700
    formats = ("html",)

    def run(self, **options: Any) -> None:
        """Put subscripts into every text outside of code."""
        for text in list(self.document.findall(nodes.Text)):
            parent, inside = text.parent, False
            while parent is not None and not inside:
                inside, parent = isinstance(parent, AS_WRITTEN), parent.parent
            parts = [] if inside else pieces(str(text))
            if len(parts) > 1:
                text.parent.replace(text, parts)


def setup(app: Any) -> dict[str, bool]:
    """What Sphinx calls."""
    app.add_post_transform(Subscripts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
