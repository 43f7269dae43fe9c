"""The options of init, which both commands have."""

from __future__ import annotations

from wt.cli import args

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.pool.init import Wish

INIT_OPTIONS = (
    args.Option("--max-slots", "how many slots a group may have (16)", "N"),
    args.Option("--groups", "names of groups, comma-joined", "A,B"),
    args.Option("--default-commit", "where acquires start from (auto: the base or its upstream)", "REF"),
    args.Option("--base", "the branch that work lands on", "BRANCH"),
    args.Option("--layout", "rename or stable", "LAYOUT", choices=("rename", "stable")),
    args.Option(
        "--submodule-mirror-mode",
        "bare-mirror or git-modules",
        "MODE",
        choices=("bare-mirror", "git-modules"),
    ),
    args.Option("--submodule-mirror-base", "where the mirrors are", "DIR"),
    args.Option("--allow-network-fs", "make a pool where locks are not to be trusted"),
)


def wish(parsed: args.Parsed, source: str) -> Wish:
    """Return what the options ask init for."""
    from wt.pool.init import Wish

    groups = tuple(word.strip() for word in (parsed.value("--groups") or "").split(",") if word.strip())
    return Wish(
        source, parsed.count("--max-slots", 16), groups, parsed.value("--default-commit") or "auto",
        parsed.value("--base"), parsed.value("--layout"),  # type: ignore[arg-type]  # one of its choices
 parsed.value("--submodule-mirror-mode"),
        parsed.value("--submodule-mirror-base"), parsed.given("--allow-network-fs"),
    )  # fmt: skip
