"""docs/reference/library.md, from the docstrings: `python -m tests.support.reference > docs/reference/library.md`."""

import dataclasses
import inspect
import re
import sys
import textwrap

import wt
from wt import errors, git_utils
from wt.parallel import results

HEAD = """\
# The Python library

Made from the docstrings (`just reference`). Times are in seconds, paths absolute. What is refused raises
`wt.errors.WtError` or one of its kinds: the sentence is in `error.sentence`, what git or a command said in `error.details`,
what to do about it in `error.hints`; a traceback shows all three.
A `Command` is a string for `sh -c`, or a sequence of words that is run as it is.

```python
from wt import WorktreePool, WorktreeOrchestrator, OrchestratorConfig, Hypothesis, PoolExhausted, NameHeld
from wt.git_utils import create_worktree, remove_worktree, reset_worktree, get_current_branch
```
"""
CLASSES = ("WorktreePool", "WorktreeOrchestrator", "OrchestratorConfig", "Hypothesis", "TestResult")
ERRORS = (wt.PoolExhausted, wt.NameHeld, wt.HooksNotTrusted, errors.SetupError, errors.WtError)


def text_of(thing):
    return textwrap.dedent("    " + (thing.__doc__ or "")).strip().replace("\n    ", "\n")


def signature_of(name, thing):
    """As it is written: annotations in the source's own words, `self` left out."""
    signature = inspect.signature(thing)
    parameters = [one for one in signature.parameters.values() if one.name != "self"]
    shown = re.sub(r"(: |-> )'([^']*)'", r"\1\2", str(signature.replace(parameters=parameters)))
    return f"{name}{shown}".replace(" -> None", "").replace("<factory>", "{}")


def methods_of(cls):
    for name, thing in vars(cls).items():
        if not name.startswith("_") and inspect.isfunction(thing):
            yield name, thing


def entry(title, thing, level="###"):
    body = text_of(thing).replace("*", "\\*")
    return f"{level} `{title}`\n\n{body}\n"


def page():
    parts = [HEAD]
    for name in CLASSES:
        cls = getattr(wt, name)
        parts.append(entry(signature_of(name, cls), cls, "##"))
        if not dataclasses.is_dataclass(cls):
            parts += [entry(signature_of(method, thing), thing) for method, thing in methods_of(cls)]
    parts.append(entry(signature_of("try_hypothesis", wt.try_hypothesis), wt.try_hypothesis, "##"))
    for module in (git_utils, results):
        names = getattr(module, "__all__", ("to_json", "to_junit", "write"))
        parts.append(entry(module.__name__, module, "##"))
        parts += [entry(signature_of(name, getattr(module, name)), getattr(module, name)) for name in names]
    parts.append("## Errors\n")
    parts += [
        entry(f"{cls.__name__}({', '.join(base.__name__ for base in cls.__bases__)})", cls) for cls in ERRORS
    ]
    return "\n".join(parts)


if __name__ == "__main__":
    sys.stdout.write(page())
