"""python -m bench [ROW…]: the table of ratios, against git and the bare interpreter, in one run."""

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator

from bench import repos
from bench.repos import Repo
from bench.rows import ROWS, Row
from bench.stage import Project, Tool, memory_file_system, staged
from bench.timing import BenchError, Measured

HEADER = f"{'row':>3}  {'what':<42} {'files':>6} {'goal':>7} {'ratio':>7}  {'range':<13} {'ours':>9} {'theirs':>9} {'peak':>7}"


def sizes(text: str) -> list[int]:
    return [
        int(float(word.lower().removesuffix("k")) * (1000 if word[-1] in "kK" else 1))
        for word in text.split(",")
    ]


def numbers(words: list[str]) -> list[int]:
    """`1 2 6` and `1,2,6`; nothing means all but the optional ones."""
    known = {row.number for row in ROWS}
    wanted = [int(word) for text in words for word in text.split(",") if word]
    if unknown := set(wanted) - known:
        raise BenchError(f"no row {min(unknown)}; there are {', '.join(map(str, sorted(known)))}")
    return wanted or [row.number for row in ROWS if not row.optional]


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("bench", description=__doc__)
    parser.add_argument(
        "rows",
        nargs="*",
        metavar="ROW",
        help="numbers of rows; default: all but 13 (slow) and 15 (a project's own)",
    )
    parser.add_argument(
        "--repo", metavar="PATH", help="measure on a clone of this repository, not on generated ones"
    )
    parser.add_argument(
        "--size", default=[200, 5_000, 25_000], type=sizes, help="files of the generated ones: 200,5k,25k"
    )
    parser.add_argument(
        "--pairs",
        default=9,
        type=int,
        help="pairs of samples a ratio is the median of (at least 9 to publish)",
    )
    parser.add_argument("--layout", default="rename", choices=["rename", "stable"])
    parser.add_argument(
        "--tool", metavar="DIR", help="where wt and worktree-pool are; default: beside this interpreter"
    )
    for option, what in (
        ("--setup", "row 15: the shell command that a new checkout of --repo needs once"),
        ("--build", "row 15: the shell command that builds it"),
        ("--edit", "row 15: a tracked file to which a line is added before the build"),
    ):
        parser.add_argument(option, metavar="FILE" if option == "--edit" else "COMMAND", help=what)
    parser.add_argument("--line", default="// an edit", help="row 15: that line")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    return parser.parse_args(argv)


def machine(tool: Tool) -> dict[str, object]:
    version = [tool.python, "-I", "-c", "import sys; print(sys.version.split()[0])"]
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "python": subprocess.run(version, check=True, stdout=subprocess.PIPE, text=True).stdout.strip(),
        "git": subprocess.run(
            ["git", "version"], check=True, stdout=subprocess.PIPE, text=True
        ).stdout.split()[2],
        "on": memory_file_system(),
    }


def project(given: argparse.Namespace) -> Project | None:
    if given.repo and given.setup and given.build and given.edit:
        return Project(given.setup, given.build, given.edit, given.line)
    return None


class Library:
    """The repositories of this run, made when a row first asks for them."""

    def __init__(self, root: str, given: argparse.Namespace) -> None:
        self._root, self._given = root, given
        self._env = repos.environment(os.path.join(root, "home"), os.path.join(root, "none"))
        self._made: dict[int, Repo] = {}

    def _make(self, size: int) -> Repo:
        path = os.path.join(self._root, f"repo-{size}")
        note = (
            f"cloning {self._given.repo}" if self._given.repo else f"generating a repository of {size} files"
        )
        print(note, file=sys.stderr)
        if self._given.repo:
            return repos.adopt(self._given.repo, path, self._env)
        return repos.generate(path, size, self._env)

    def _get(self, size: int) -> Repo:
        if size not in self._made:
            self._made[size] = self._make(size)
        return self._made[size]

    def fitting(self, row: Row) -> list[Repo]:
        # A generated repository's size is known before it is made: none is made in vain.
        wanted = [0] if self._given.repo else self._given.size
        fits = [size for size in wanted if self._given.repo or row.fits(Repo("", size, "", ""))]
        made = [repo for repo in map(self._get, fits[:1] if row.once else fits) if row.fits(repo)]
        if not made:
            print(f"row {row.number} ({row.title}): no repository here has its size", file=sys.stderr)
        return made


def duration(seconds: float) -> str:
    return f"{seconds * 1000:.1f}ms" if seconds >= 0.001 else f"{seconds * 1e6:.0f}µs"


def line(row: Row, repo: Repo, measured: Measured) -> str:
    ratio = measured.ratio
    mark = "ok" if measured.met else "OVER"
    goal = duration(measured.limit) if measured.limit else str(measured.goal)
    span = f"{ratio.low:.3f}-{ratio.high:.3f}"
    ours, theirs = duration(ratio.a.wall), duration(ratio.b.wall)
    peak = f"{ratio.a.rss / 2**20:.0f}MiB" if ratio.a.rss else ""
    figures = f"{goal:>7} {ratio.ratio:>7.3f}  {span:<13} {ours:>9} {theirs:>9} {peak:>7}  {mark}"
    return f"{row.number:>3}  {measured.what:<42} {repo.label:>6} {figures}" + (
        f"; {measured.note}" if measured.note else ""
    )


def record(row: Row, repo: Repo, measured: Measured) -> dict[str, object]:
    ratio = measured.ratio
    sides = {"ours": ratio.a._asdict(), "theirs": ratio.b._asdict()}
    span = {"ratio": ratio.ratio, "low": ratio.low, "high": ratio.high, "pairs": ratio.pairs}
    goal = {"goal_s": measured.limit} if measured.limit else {"goal": measured.goal}
    what = {"row": row.number, "what": measured.what, "files": repo.files, **goal}
    return {**what, **span, **sides, "met": measured.met, "note": measured.note}


def measure(
    rows: list[Row], library: Library, tool: Tool, given: argparse.Namespace
) -> Iterator[tuple[Row, Repo, Measured | BenchError]]:
    for row in rows:
        for repo in library.fitting(row):
            with staged(tool, given.pairs, given.layout, project(given)) as stage:
                try:
                    for measured in row.measure(stage, repo):
                        yield row, repo, measured
                except (BenchError, subprocess.CalledProcessError) as error:
                    yield row, repo, BenchError(str(error))


def run(given: argparse.Namespace) -> int:
    tool = Tool.find(given.tool)
    about, wanted = machine(tool), numbers(given.rows)
    rows = [row for row in ROWS if row.number in wanted]
    records, failed = [], False
    if not given.json:
        print(*(f"{key} {value}" for key, value in about.items()), f"layout {given.layout}", sep=", ")
        print(HEADER, flush=True)
    with staged(tool, given.pairs, given.layout) as home:
        for row, repo, measured in measure(rows, Library(home.root, given), tool, given):
            if isinstance(measured, BenchError):
                failed = True
                print(f"row {row.number} ({row.title}, {repo.label} files): {measured}", file=sys.stderr)
            else:
                records.append(record(row, repo, measured))
                if not given.json:
                    print(line(row, repo, measured), flush=True)
    if given.json:
        print(json.dumps({**about, "layout": given.layout, "rows": records}))
    return 1 if failed else 0


def main(argv: list[str]) -> int:
    """0 also when a goal was missed: the table says so. 1 when a row could not be measured."""
    try:
        return run(arguments(argv))
    except BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
