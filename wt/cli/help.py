"""The help page and what wrong words are answered with."""

from __future__ import annotations

from wt.cli.registry import ALIASES, ANSWERS, GROUPS, TITLES, VERBS
from wt.errors import UsageError, again

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.cli.args import Verb
    from wt.ui.out import Out
    from wt.ui.width import Line


def show(argv: list[str], out: Out) -> int:
    """`wt help [VERB]`; never runs a verb."""
    if argv and argv[0] not in ("--help", "-h", "help"):
        word = ALIASES.get(argv[0], argv[0])
        if word not in VERBS:
            raise unknown(argv[0])
        return _show_verb(load(word), out)
    lines: list[Line] = [[("wt", "bold"), (" · dev sessions in warm git worktrees", "")], []]
    for group in GROUPS:
        title = TITLES[group]
        for name in (name for name, (of, _) in VERBS.items() if of == group):
            lines.append([(f"{title:9}", "bold"), (f"wt {name:9}", "cyan"), (VERBS[name][1], "")])
            title = ""
    others = ", ".join(f"wt {name}" for name, (of, _) in VERBS.items() if of == "more")
    lines += [[(f"{TITLES['more']:9}", "bold"), (others, "cyan")], []]
    out.rows([*lines, [("begin: ", "dim"), ("wt init in a repository, then wt new feature-x", "")]])
    return 0


def load(name: str) -> Verb:
    """Import one verb's module and return its declaration."""
    verb: Verb = __import__(f"wt.cli.verbs.{name}", fromlist=["VERB"]).VERB
    return verb


def _show_verb(verb: Verb, out: Out) -> int:
    from wt.cli.args import help_text

    out.rows(help_text(verb, [alias for alias, name in ALIASES.items() if name == verb.name]))
    return 0


def unknown(word: str) -> UsageError:
    """Return the answer to a word that is no verb: the verb it is called here, or the nearest one."""
    from wt.pool.names import nearest

    if word in ANSWERS:
        return UsageError(
            f"`wt {word}` is called `wt {ANSWERS[word]}` here; nothing was done.",
            f"wt {ANSWERS[word]} --help".replace("--version --help", "--version"),
        )
    near = nearest(word, [*VERBS, *ALIASES])
    hint = again("did you mean", words={word: near}) if near else "to see all: wt help"
    return UsageError(f"`{word}` is no verb of wt; nothing was done.", hint)
