"""Whether a hint ends in a command that can be pasted: one that is there, and whose verb and options exist."""

import ast
import shlex

from wt.cli import args, pool_main
from wt.cli.help import load
from wt.cli.registry import ALIASES
from wt.cli.registry import VERBS as NAMES
from wt.errors import UsageError

KNOWN = {"wt", "worktree-pool", "git", "ls", "cat", "cd", "mkdir", "mv", "ln", "echo", "export", "eval", "exec", "command",
         "sudo", "python3", "pip",
         "env", "${EDITOR:-vi}", "chmod", "kill", "ps", "bash"}  # fmt: skip
OPERATORS = {"&&", "||", ";", "|", ">", ">>"}
# Stand-ins for what nobody can know, each with its reason.
UNKNOWABLE = {
    "/path/to/repository": "a key without a pool, outside of any repository: which one is meant is the reader's knowledge",
}
PLACEHOLDERS = {"NAME", "KEY", "REPO", "REPOSITORY", "BRANCH", "REF", "SLOT", "ID", "…", "..."}


def command_of(hint):
    """The command that a hint ends in, None where it ends in advice."""
    starts = [0, *(at + 2 for at in range(len(hint)) if hint.startswith(": ", at))]
    return next((hint[at:] for at in starts if hint[at:].split(" ", 1)[0] in KNOWN), None)


def fault(hint):
    """What is wrong with one hint, None if it can be pasted."""
    command = command_of(hint)
    if command is None:
        return f"ends in no command: {hint}"
    try:
        words = shlex.split(command)
    except ValueError as error:
        return f"is no shell command ({error}): {hint}"
    for simple in _simple_commands(words):
        if problem := _simple_fault(simple):
            return f"{problem}: {hint}"
    return None


def _simple_commands(words):
    found: list[list[str]] = [[]]
    for word in words:
        if word in OPERATORS:
            found.append([])
        elif word.endswith(";"):
            found[-1].append(word[:-1])
            found.append([])
        else:
            found[-1].append(word)
    return [simple for simple in found if simple]


def _simple_fault(words):
    if placeholders := {
        word for word in words if word in PLACEHOLDERS or word.startswith("/path/")
    }.difference(UNKNOWABLE):
        return f"stands for something else: {sorted(placeholders)}"
    if words[0] in ("command", "sudo", "exec", "env"):
        ours = [at for at, word in enumerate(words) if word in ("wt", "worktree-pool")]
        words = words[ours[0] :] if ours else words
    if words[0] == "wt":
        return _of_ours("wt", words[1:], lambda name: load(name) if name in NAMES else None)
    if words[0] == "worktree-pool":
        return _of_ours("worktree-pool", words[1:], pool_main.VERBS.get)
    return None


def _of_ours(program, words, find):
    rest = list(words)
    while rest and rest[0] in ("--pool", "--color"):
        rest = rest[2:]
    if not rest:
        return f"{program} without a verb"
    if rest[0] in ("help", "--help", "--version"):
        return None
    verb = find(ALIASES.get(rest[0], rest[0]))
    if verb is None:
        return f"no verb `{rest[0]}`"
    if "--help" in rest:
        return None
    try:
        args.parse(verb, rest[1:])
    except UsageError as error:
        return error.sentence
    return None


def assert_pasteable(err):
    """Every `hint:` line of a run's stderr."""
    for hint in of(err):
        assert fault(hint) is None, fault(hint)


def of(err):
    """The hints of a run's stderr, those whose command goes over several lines whole."""
    found = []
    for line in err.splitlines():
        if line.startswith("hint: "):
            found.append(line.removeprefix("hint: "))
        elif found and found[-1].count("'") % 2:
            found[-1] += f"\n{line}"
    return found


# The same of the source: what stands where a hint goes.


def in_source(source):
    """(line, text) of every literal that is given as a hint, names in it shown as `x`; what is built elsewhere is not seen."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name.endswith("Error"):
            places = node.args[1:]
        elif name == "hint":
            places = node.args
        elif name == "Check":
            places = node.args[3:]
        else:
            continue
        for place in places:
            yield from ((place.lineno, text) for text in _texts(place))


def _texts(node):
    if isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from _texts(value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        text = "".join(str(piece.value) if isinstance(piece, ast.Constant) else "x" for piece in node.values)
        if not text.endswith(": x"):  # a command that was made elsewhere: the runs of the tests look at it
            yield text
