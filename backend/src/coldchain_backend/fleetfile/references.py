"""Names within a document: each once, and none that is not there; what is wrong is said with its place."""

from collections.abc import Iterable, Iterator, Sequence

from coldchain_runtime.documents import Place, meant

Problem = tuple[Place, str]


def places(part: str, key: str, names: Sequence[str]) -> list[tuple[Place, str]]:
    """The names of the entries of a part, each with its place."""
    return [((part, index, key), name) for index, name in enumerate(names)]


def twice(what: str, named: Iterable[tuple[Place, str]]) -> Iterator[Problem]:
    """Names that were there before."""
    seen: set[str] = set()
    for place, name in named:
        if name in seen:
            yield place, f"{what} `{name}` stands twice"
        seen.add(name)


def known(place: Place, what: str, name: str, names: Iterable[str]) -> Iterator[Problem]:
    """A reference to what is not there, with the name that may have been meant."""
    there = list(names)
    if name not in there:
        hint = meant(name, there) or (f"; known: {', '.join(there[:12])}" if there else "")
        yield place, f"unknown {what} `{name}`{hint}"
