"""From an image of Graphviz to SVG inside a page, in its colours, with names for the parts."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from xml.etree import ElementTree

from markupsafe import Markup

SCALE = 1.2
"""Pixels of the page for a point of the drawing."""

SMALLEST = 0.62
"""How far a drawing shrinks where there is less room, before it is scrolled instead: so far that
its letters can still be read."""

_SVG = "http://www.w3.org/2000/svg"


def inline_svg(
    image: bytes, label: str, colors: Mapping[str, str], notes: Mapping[str, str] | None = None
) -> Markup:
    """An SVG element.

    Args:
        image: of Graphviz.
        label: what it shows, for those who do not see it.
        colors: the page's style for each colour of the drawing.
        notes: by the ids of edges, what is said when one is pointed at.

    Returns:
        the element; its nodes and edges have their names in ``data-name``, an edge its ends in
        ``data-tail`` and ``data-head``.
    """
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", "http://www.w3.org/1999/xlink")
    svg = ElementTree.fromstring(image)
    width = float(svg.attrib.pop("width").removesuffix("pt"))
    svg.attrib.pop("height")
    full = width * SCALE
    svg.set("style", f"width:{full:.0f}px;min-width:{full * SMALLEST:.0f}px")
    svg.set("role", "img")
    svg.set("aria-label", label)
    for group in svg.iter(f"{{{_SVG}}}g"):
        own_id = group.attrib.pop("id", "")
        title = group.find(f"{{{_SVG}}}title")
        kind = group.get("class")
        if title is None or title.text is None:
            continue
        name = title.text
        group.remove(title)
        if kind in ("node", "edge"):
            group.set("data-name", name)
        if kind == "edge":
            tail, _, head = name.partition("->")
            group.set("data-tail", tail)
            group.set("data-head", head)
            if notes and own_id in notes:
                _add_note(group, notes[own_id])
    for text in svg.iter(f"{{{_SVG}}}text"):
        text.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    for element in svg.iter():
        for attribute in ("fill", "stroke"):
            value = element.get(attribute)
            if value is not None and value in colors:
                element.set(attribute, colors[value])
    return Markup(ElementTree.tostring(svg, encoding="unicode"))


def _add_note(edge: ElementTree.Element, note: str) -> None:
    """Say something when an edge is pointed at, which a wider, unseen line makes easier."""
    title = ElementTree.Element(f"{{{_SVG}}}title")
    title.text = note
    edge.insert(0, title)
    path = edge.find(f"{{{_SVG}}}path")
    if path is not None:
        wide = copy.deepcopy(path)
        wide.attrib.update({"class": "wide", "stroke-dasharray": "none"})
        edge.append(wide)
