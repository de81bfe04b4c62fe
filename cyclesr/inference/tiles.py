"""The division of an image into tiles that overlap."""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple


class Span(NamedTuple):
    """The extent of a tile along one axis, in LR pixels. Ends are exclusive.

    The network is given ``first:last``, and ``start:stop`` of its result is kept.
    """

    start: int
    stop: int
    first: int
    last: int


def spans(length: int, tile: int, overlap: int, begin: int = 0) -> Iterator[Span]:
    """Yields tiles whose kept parts cover ``begin:length``, and which all give the network the same number of pixels.

    That number is at most ``tile + 2 * overlap``, so there are as few tiles as this limit allows. A tile at the border
    of the image has no neighbour to overlap with, and keeps more than ``tile`` if there is room.

    Args:
        length: length of the image.
        tile: limit of the length of a tile, without its overlap.
        overlap: minimum number of pixels that the network sees on both sides of what is kept, except at the border.
        begin: first pixel to keep.
    """
    seen = max(begin - overlap, 0)
    extent = length - seen
    count = max(-(-(extent - 2 * overlap) // tile), 1)
    window = -(-(extent + 2 * overlap * (count - 1)) // count)
    firsts = [seen + (extent - window) * i // max(count - 1, 1) for i in range(count)]
    borders = [(following + first + window) // 2 for first, following in pairwise(firsts)]
    for first, start, stop in zip(firsts, [begin, *borders], [*borders, length], strict=True):
        yield Span(start, stop, first, first + window)
