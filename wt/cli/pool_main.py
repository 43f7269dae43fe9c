"""`worktree-pool`: the primitive for build farms and scripts. Arguments, the pool, one line on stdout."""

from __future__ import annotations

import os

from wt.cli import args, trusting
from wt.cli.main import guarded, hurry, leave
from wt.cli.wish import INIT_OPTIONS, wish
from wt.errors import GitError, UsageError, again

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import NoReturn

    from wt.cli.args import Parsed, Verb
    from wt.pool.location import Pool
    from wt.trust import Policy
    from wt.ui.out import Out


def _verb(name: str, summary: str, *options: args.Option) -> Verb:
    return args.Verb(name, summary, (), (args.POOL, *options, args.COLOR), program="worktree-pool")


_NAME = args.Option("--name", "the name of the slot, also its branch", "NAME")
_SLOT = args.Option("--slot", "the slot's id", "ID")
VERBS = {
    "init": _verb(
        "init", "make a pool over a repository",
        args.Option("--source", "the repository, bare or a working clone", "REPO"), *INIT_OPTIONS,
    ),
    "acquire": _verb(
        "acquire", "hold a slot under a name; prints its path", _NAME,
        args.Option("--commit", "where to start from", "C"),
        args.Option("--group", "the group to take it from", "G"),
        args.Option("--unique-sha", "refuse if another slot holds that commit"),
        args.Option("--adopt", "take up an existing branch"),
        args.Option("--wait", "how long to wait for a slot", "SECONDS"), args.EXCLUDE, *trusting.OPTIONS,
    ),
    "release": _verb(
        "release", "give a slot back to the pool", _NAME, _SLOT, args.DELETE_REMOTE, *trusting.OPTIONS
    ),
    "retire": _verb(
        "retire", "remove idle slots for good", _SLOT, args.Option("--all", "every slot that is idle")
    ),
    "ls": _verb("ls", "list the slots", args.Option("--git-status", "count changes of held slots, too")),
    "inspect": _verb("inspect", "say all about one slot", _NAME, _SLOT),
    "unstick": _verb("unstick", "say who holds which mutex", _SLOT),
    "validate-gitmodules": _verb("validate-gitmodules", "list the worktreePoolTags of submodules, and keys that are none"),
    "doctor": _verb("doctor", "look at git, WORKTREE_ROOT and every pool"),
    "path": _verb("path", "print the path of a held slot", _NAME),
}  # fmt: skip


def entry(argv: list[str]) -> NoReturn:
    """The command `worktree-pool`."""
    hurry()
    leave(main(argv))


def main(argv: list[str]) -> int:
    return guarded(run, argv, "worktree-pool")


def run(argv: list[str], out: Out, env: Mapping[str, str]) -> int:
    """Find the verb; `--pool KEY` may stand before or behind it."""
    before = (
        argv[:2] if argv[:1] == ["--pool"] else argv[:1] if argv and argv[0].startswith("--pool=") else []
    )
    rest = argv[len(before) :]
    if not rest or rest[0] in ("--help", "-h", "help"):
        return _help(rest[1:], out)
    if rest[0] == "--version":
        from wt.version import VERSION

        out.answer(f"worktree-pool {VERSION}")
        return 0
    verb = VERBS.get(rest[0])
    if verb is None:
        raise _unknown(rest[0])
    if "--help" in rest or "-h" in rest:
        return _help([verb.name], out)
    parsed = args.parse(verb, [*before, *rest[1:]])
    if parsed.value("--pool") is None and verb.name != "doctor":
        raise _no_pool(verb.name, env)
    return _RUN[verb.name](parsed, out, env)


def _unknown(word: str) -> UsageError:
    from wt.pool.names import nearest

    near = nearest(word, list(VERBS))
    hint = again("did you mean", words={word: near}) if near else "to see all: worktree-pool --help"
    return UsageError(f"`{word}` is no verb of worktree-pool; nothing was done.", hint)


def _no_pool(verb: str, env: Mapping[str, str]) -> UsageError:
    from wt.pool import location

    known = location.keys(location.worktree_root(env))
    hint = again("e.g.", {"--pool": known[0]}) if known else f"worktree-pool {verb} --help"
    return UsageError(f"worktree-pool {verb} needs --pool KEY.", hint)


def _help(argv: list[str], out: Out) -> int:
    if argv and argv[0] in VERBS:
        out.rows(args.help_text(VERBS[argv[0]]))
        return 0
    out.answer("worktree-pool --pool KEY VERB …: a fixed number of git worktrees, used again and again\n")
    for verb in VERBS.values():
        out.answer(f"  {verb.name:9} {verb.summary}")
    return 0


def _pool(parsed: Parsed, out: Out, env: Mapping[str, str]) -> Pool:
    from wt.cli.context import show_life
    from wt.pool import location

    show_life(out)
    out.pool = parsed.value("--pool") or ""
    return location.open_pool(location.worktree_root(env), out.pool, out.say)


def _needs_name(parsed: Parsed, verb: str) -> str:
    name = parsed.value("--name")
    if name is None:
        raise UsageError(f"worktree-pool {verb} needs --name NAME.", f"worktree-pool {verb} --help")
    return name


def _init(parsed: Parsed, out: Out, env: Mapping[str, str]) -> int:
    from wt.pool import init, location

    source = parsed.value("--source")
    if source is None:
        raise UsageError("worktree-pool init needs --source REPO.", "worktree-pool init --help")
    init.init(location.worktree_root(env), parsed.value("--pool") or "", wish(parsed, source), out.say)
    return 0


def _acquire(parsed: Parsed, out: Out, env: Mapping[str, str]) -> int:
    from wt.cli.freed import freed
    from wt.pool import acquire

    request = acquire.Request(
        _needs_name(parsed, "acquire"), parsed.value("--commit"), parsed.value("--group"),
        parsed.given("--unique-sha"), parsed.given("--adopt"), parsed.number("--wait", 0.0),
        exclude=parsed.listed("--exclude-submodule-tags"), hooks=_hooks(parsed, out, env), more=freed,
    )  # fmt: skip
    out.path(acquire.acquire(_pool(parsed, out, env), request, out.say).path)
    return 0


def _hooks(parsed: Parsed, out: Out, env: Mapping[str, str]) -> Policy:
    from wt import trust

    return trust.policy(env, out.say, off=parsed.given("--no-hooks"), approved=parsed.value("--trust-hooks"))


def _release(parsed: Parsed, out: Out, env: Mapping[str, str]) -> int:
    from wt.pool import hooking, release

    name, slot = _name_or_slot(parsed, "release")
    pool = _pool(parsed, out, env)
    hooking.refuse_inside(pool, env, "release", name or slot)
    forget = _forgetting(parsed, pool, name, slot, out)
    done = release.release(pool, out.say, _hooks(parsed, out, env), name=name, slot_id=slot)
    if done.slot is None:
        out.say(f"nothing is held as `{name or slot}`.")
    else:
        forget()
    return 0


def _forgetting(
    parsed: Parsed, pool: Pool, name: str | None, slot_id: str | None, out: Out
) -> Callable[[], None]:
    """Return what `--delete-remote` is to do after the release; what it needs is looked at before."""
    if not parsed.given("--delete-remote"):
        return lambda: None
    from wt.pool import remote, survey

    seen = survey.take(pool)
    slot = seen.named(name) if name is not None else seen.by_id(slot_id or "")
    held = slot.name if slot is not None else None
    if held is None:
        return lambda: None
    far = remote.of(pool, held)
    return lambda: remote.delete(pool, held, far, out.say)


def _retire(parsed: Parsed, out: Out, env: Mapping[str, str]) -> int:
    from wt.pool import retire

    slot = parsed.value("--slot")
    if (slot is None) != parsed.given("--all"):
        raise UsageError("worktree-pool retire needs --slot ID or --all.", "worktree-pool retire --help")
    pool = _pool(parsed, out, env)
    if slot is None:
        retire.retire_all(pool, out.say)
    else:
        retire.retire(pool, (slot,), out.say)
    return 0


def _unstick(parsed: Parsed, out: Out, env: Mapping[str, str]) -> int:
    from wt.pool import names, unstick

    pool, slot = _pool(parsed, out, env), parsed.value("--slot")
    if slot is not None and names.parse_slot_id(slot, pool.config.groups) is None:
        raise UsageError(
            f"`{slot}` is no slot id of the pool `{pool.key}`.", again("to see all", without=("--slot",))
        )
    out.json(unstick.look(pool, slot))
    return 0


def _name_or_slot(parsed: Parsed, verb: str) -> tuple[str | None, str | None]:
    name, slot = parsed.value("--name"), parsed.value("--slot")
    if (name is None) == (slot is None):
        raise UsageError(
            f"worktree-pool {verb} needs --name NAME or --slot ID.", f"worktree-pool {verb} --help"
        )
    return name, slot


def _ls(parsed: Parsed, out: Out, env: Mapping[str, str]) -> int:
    from wt.pool import report

    pool = _pool(parsed, out, env)
    rows, status = [], 0
    for row, slot in report.rows(pool):
        fields = _fields(row)
        if parsed.given("--git-status") and slot.state == "held" and slot.path:
            try:
                fields["git"] = report.git_status(pool, slot.path)
            except GitError as error:  # the report is printed all the same
                fields["git"], status = None, _told(out, error)
        rows.append(fields)
    out.json(rows)
    return status


def _told(out: Out, error: GitError) -> int:
    out.error(error)
    return error.code


def _fields(value: object) -> dict[str, object]:
    return {name: getattr(value, name) for name in type(value).__slots__}  # type: ignore[attr-defined]  # a record


def _inspect(parsed: Parsed, out: Out, env: Mapping[str, str]) -> int:
    from wt.pool import report

    pool = _pool(parsed, out, env)
    name, slot_id = _name_or_slot(parsed, "inspect")
    for row, slot in report.rows(pool):
        if slot.state != "fresh" and (row.name == name if name is not None else row.id == slot_id):
            try:
                extra, status = report.inspect(pool, slot), 0
            except GitError as error:
                extra, status = report.inspect_files(slot), _told(out, error)
            out.json({**_fields(row), **extra})
            return status
    out.json(None)
    return 1


def _path(parsed: Parsed, out: Out, env: Mapping[str, str]) -> int:
    from wt.pool import survey

    slot = survey.take(_pool(parsed, out, env)).named(_needs_name(parsed, "path"))
    if slot is None or slot.path is None or slot.state != "held":
        return 1
    out.path(os.path.realpath(slot.path))
    return 0


def _validate_gitmodules(parsed: Parsed, out: Out, env: Mapping[str, str]) -> int:
    from wt.pool import resolve
    from wt.pool.submodules import declared

    pool = _pool(parsed, out, env)
    report = declared.validate(pool.git(), resolve.default_commit(pool, out.say))
    out.json(_fields(report))
    return 1 if report.unknown_keys else 0


def _doctor(parsed: Parsed, out: Out, env: Mapping[str, str]) -> int:
    from wt.pool import doctor

    del parsed
    checks = doctor.examine(env, "/", out.say)
    out.json({"checks": [_fields(check) for check in checks]})
    return 1 if doctor.worst(checks) == "error" else 0


_RUN: dict[str, Callable[[Parsed, Out, Mapping[str, str]], int]] = {
    "init": _init, "acquire": _acquire, "release": _release, "retire": _retire,
    "unstick": _unstick, "ls": _ls, "inspect": _inspect, "path": _path, "doctor": _doctor,
    "validate-gitmodules": _validate_gitmodules,
}  # fmt: skip
