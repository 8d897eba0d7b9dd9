"""Sizes, types and test mass of the code beside their targets; exit 1 where one is missed.

Lines are physical lines of tracked and new files; functions are counted with their docstrings. Migrations and
generated files are left out.
"""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

PRODUCT = ("core/", "gateway/", "backend/", "firmware-sim/", "dashboards/")
SOURCE = (*PRODUCT, "demo/", "tools/", "bench/")
LEFT_OUT = ("/migrations/", "/generated/")
SUPPRESSION = re.compile(r"#\s*(noqa|type:\s*ignore)")
MOCK = re.compile(r"\b(unittest\.mock|MagicMock|Mock\(|monkeypatch\.setattr|mocker|patch\()")
TEST_MASS_REACHED = 0.79
"""Lines of tests per line of the product that were reached once: less fails; raised towards the target."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One file, read once."""

    path: str
    text: str
    tree: ast.Module

    @property
    def lines(self) -> int:
        return self.text.count("\n")

    def functions(self) -> Iterator[Function]:
        return (node for node in ast.walk(self.tree) if isinstance(node, Function))

    def classes(self) -> Iterator[ast.ClassDef]:
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef))


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A measured quantity; `low` and `high` are its target, both included. `where` names the worst places.

    `floor`: a target that is not reached yet is told, and fails only below what was reached once.
    """

    name: str
    value: float
    low: float = 0.0
    high: float = float("inf")
    where: Sequence[str] = ()
    floor: float | None = None

    @property
    def tolerable(self) -> bool:
        """Met, or at least not below what was reached once."""
        return self.met or (self.floor is not None and self.floor <= self.value <= self.high)

    @property
    def met(self) -> bool:
        return self.low <= round(self.value, 3) <= self.high

    def line(self) -> str:
        target = f"≥ {self.low:g}" if self.high == float("inf") else f"≤ {self.high:g}"
        if self.low and self.high != float("inf"):
            target = f"{self.low:g} … {self.high:g}"
        text = f"{self.name:<44} {self.value:>8.2f}   {target:<12} {'ok' if self.met else 'OUTSIDE'}"
        return text if self.met or not self.where else f"{text}  {' '.join(self.where[:6])}"


def modules(folder: Path) -> list[Module]:
    """Every Python file that git knows or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        cwd=folder, capture_output=True, text=True, check=True,
    ).stdout.split("\n")  # fmt: skip
    paths = [path for path in listed if path and (folder / path).exists()]
    kept = [path for path in paths if not any(part in path for part in LEFT_OUT)]
    texts = ((path, (folder / path).read_text(encoding="utf-8")) for path in kept)
    return [Module(path=path, text=text, tree=ast.parse(text)) for path, text in texts]


def length(node: Function | ast.ClassDef) -> int:
    """Lines from the first of its own to its last."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def percentile(values: Sequence[int], share: float) -> float:
    """Nearest rank."""
    ordered = sorted(values) or [0]
    return float(ordered[min(len(ordered) - 1, int(share * len(ordered)))])


def arguments(function: Function) -> list[ast.arg]:
    """All of a function's arguments but self and cls."""
    given = function.args
    plain = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    plain += [one for one in (given.vararg, given.kwarg) if one is not None]
    return [one for one in plain if one.arg not in ("self", "cls")]


def constructor_arguments(node: ast.ClassDef) -> int:
    made = [item for item in node.body if isinstance(item, ast.FunctionDef) and item.name == "__init__"]
    return len(arguments(made[0])) if made else 0


def broad_excepts(module: Module) -> int:
    def broad(handler: ast.ExceptHandler) -> bool:
        named = (
            {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)}
            if handler.type
            else {"Exception"}
        )
        return bool(named & {"Exception", "BaseException"})

    return sum(broad(node) for node in ast.walk(module.tree) if isinstance(node, ast.ExceptHandler))


def sleeps(module: Module) -> int:
    """Calls of the real clocks' sleep; giving way once (`asyncio.sleep(0)`) is none."""

    def real(call: ast.Call) -> bool:
        named = isinstance(call.func, ast.Attribute) and ast.unparse(call.func) in (
            "time.sleep",
            "asyncio.sleep",
        )
        return named and not (len(call.args) == 1 and ast.unparse(call.args[0]) == "0")

    return sum(real(node) for node in ast.walk(module.tree) if isinstance(node, ast.Call))


def over(
    counted: Sequence[Module], nodes: Callable[[Module], Iterator[Function | ast.ClassDef]], limit: int
) -> list[str]:
    return [f"{one.path}:{node.lineno}" for one in counted for node in nodes(one) if length(node) > limit]


def sizes(source: Sequence[Module], every: Sequence[Module]) -> list[Figure]:
    files = [one.lines for one in source if one.lines]
    functions = [length(node) for one in source for node in one.functions()]
    long_files = [f"{one.path}({one.lines})" for one in every if one.lines > 400]
    classes = [(one, node) for one in source for node in one.classes()]
    largest = max((length(node) for _, node in classes), default=0)
    widest = max((constructor_arguments(node) for _, node in classes), default=0)
    wide = [f"{one.path}:{node.lineno}" for one, node in classes if constructor_arguments(node) > 10]
    return [
        Figure(name="file: median lines", value=statistics.median(files or [0]), high=120),
        Figure(name="file: 9 of 10 up to", value=percentile(files, 0.9), high=250),
        Figure(
            name="file: longest (tests too)",
            value=max((o.lines for o in every), default=0),
            high=400,
            where=long_files,
        ),
        Figure(name="function: median lines", value=statistics.median(functions or [0]), high=8),
        Figure(name="function: 9 of 10 up to", value=percentile(functions, 0.9), high=25),
        Figure(
            name="function: longest",
            value=max(functions, default=0),
            high=50,
            where=over(source, Module.functions, 50),
        ),
        Figure(name="class: longest", value=largest, high=200, where=over(source, Module.classes, 200)),
        Figure(name="class: most constructor arguments", value=widest, high=10, where=wide),
    ]


def types(source: Sequence[Module]) -> list[Figure]:
    given = [(one, arg) for one in source for function in one.functions() for arg in arguments(function)]
    bare = [f"{one.path}:{arg.lineno}" for one, arg in given if arg.annotation is None]
    share = 100.0 * (1 - len(bare) / max(1, len(given)))
    return [Figure(name="arguments annotated, %", value=share, low=100, where=bare)]


def habits(source: Sequence[Module], tests: Sequence[Module]) -> list[Figure]:
    kloc = max(1, sum(one.lines for one in source)) / 1000
    test_kloc = max(1, sum(one.lines for one in tests)) / 1000
    every = [*source, *tests]
    broad = [f"{one.path}({count})" for one in source if (count := broad_excepts(one))]
    broad_count = sum(broad_excepts(one) for one in source)
    suppressed = sum(len(SUPPRESSION.findall(one.text)) for one in every)
    quiet = [one for one in tests if one.path.startswith(("tests/unit/", "tests/contract/"))]
    sleeping = [one.path for one in quiet if sleeps(one)]
    product = max(1, sum(one.lines for one in source if one.path.startswith(PRODUCT))) / 1000
    mocks = sum(len(MOCK.findall(one.text)) for one in tests)
    return [
        Figure(name="broad excepts per 1000 lines", value=broad_count / kloc, high=1, where=broad),
        Figure(
            name="test lines / lines of the product",
            value=test_kloc / product,
            low=1.0,
            high=1.6,
            floor=TEST_MASS_REACHED,
        ),
        Figure(name="mocks per 1000 lines of tests", value=mocks / test_kloc, high=1),
        Figure(name="sleeps in unit and contract tests", value=len(sleeping), high=0, where=sleeping),
        Figure(name="noqa, type: ignore per 1000 lines", value=suppressed / (kloc + test_kloc), high=3),
    ]


def measure(every: Sequence[Module]) -> list[Figure]:
    """All figures of these files."""
    source = [one for one in every if one.path.startswith(SOURCE)]
    tests = [one for one in every if one.path.startswith("tests/")]
    return [*sizes(source, every), *types(source), *habits(source, tests)]


def main() -> int:
    every = modules(Path(__file__).resolve().parent.parent)
    figures = measure(every)
    for figure in figures:
        print(figure.line())
    counted = sum(one.lines for one in every)
    print(f"{len(every)} files, {counted} lines")
    return 0 if all(figure.tolerable for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
