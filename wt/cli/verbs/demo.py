"""wt demo: the whole round, for real, in a place that is gone afterwards."""

from __future__ import annotations

from wt import files
from wt.cli import args

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.cli.args import Parsed
    from wt.cli.context import Context
    from wt.session.demo import Stage
    from wt.ui.out import Out

VERB = args.Verb(
    "demo", "show the whole round in a throw-away repository", (), (args.COLOR,),
    (("wt demo", "takes a few seconds, needs no set-up, leaves nothing behind"),),
)  # fmt: skip


def run(parsed: Parsed, ctx: Context) -> int:
    del parsed
    from wt.session import demo

    top = files.scratch_directory("wt-demo-")
    try:
        _play(demo.set_up(top, ctx.env), ctx.out)
    finally:
        files.remove_tree(top)
    _headline(ctx.out, f"That was wt. Nothing is left of {top}.")
    return 0


def _play(stage: Stage, out: Out) -> None:
    from wt.session import demo

    _headline(out, f"A repository of {demo.MODULES} Python modules. A pool of two slots over it:")
    _wt(stage, out, "init", "--max-slots", "2", "--layout", "rename", cwd=stage.source)
    _headline(out, "A slot for a first branch. It is new, so its build is a cold one:")
    _wt(stage, out, "new", "first", cwd=stage.source)
    cold = _build(stage, out, stage.slot("first"))
    _headline(out, "Some work in it. The verdict knows, and nothing would recycle it now:")
    _type(out, "echo 'ANSWER = 42' >> src/m7.py")
    demo.edit(f"{stage.slot('first')}/src/m7.py")
    _wt(stage, out, "ls", cwd=stage.slot("first"))
    _headline(out, "Landed on main, and the slot goes back to the pool with its cache:")
    _wt(stage, out, "land", "Answer the question", cwd=stage.slot("first"))
    _headline(out, "A second branch gets the same slot. Its cache is still there:")
    _wt(stage, out, "new", "second", cwd=stage.source)
    warm = _build(stage, out, stage.slot("second"))
    _headline(out, f"The build took {cold:.2f} s cold, {warm:.2f} s warm ({cold / warm:.0f} times as fast).")
    _wt(stage, out, "info", "second", cwd=stage.slot("second"))
    _wt(stage, out, "release", "second", cwd=stage.source)


def _wt(stage: Stage, out: Out, *words: str, cwd: str) -> None:
    _type(out, " ".join(("wt", *(f'"{word}"' if " " in word else word for word in words))))
    stage.wt(*words, cwd=cwd)


def _build(stage: Stage, out: Out, cwd: str) -> float:
    _type(out, "python3 -m compileall -q src")
    seconds = stage.build(cwd)
    out.painted([(f"  {seconds:.2f} s", "dim")])
    return seconds


def _headline(out: Out, text: str) -> None:
    out.answer("")
    out.painted([(text, "bold")])


def _type(out: Out, command: str) -> None:
    out.painted([("$ ", "dim"), (command, "cyan")])
