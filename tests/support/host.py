"""The environment every test runs in: nothing of this host's user, git or `wt` reaches it."""

import os

GITCONFIG = """\
[user]
\tname = Test Person
\temail = test@example.org
[init]
\tdefaultBranch = main
[commit]
\tgpgSign = false
[advice]
\tdetachedHead = false
"""
DATE = "2026-05-05T03:34:56+00:00"
XDG = {"CONFIG": ".config", "DATA": ".local/share", "STATE": ".local/state", "CACHE": ".cache"}
# What a prompt, a colour or a pager would read.
TERMINAL = (
    "NO_COLOR",
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "FORCE_COLOR",
    "PAGER",
    "EDITOR",
    "VISUAL",
    "CDPATH",
    "ENV",
)
# Read once by tests/conftest.py, for the run and not for the tool.
OURS = "WT_TESTS_REQUIRE_SHELLS"


def is_foreign(variable):
    if variable.startswith(("WT_", "GIT_", "XDG_")):
        return variable != OURS
    return variable in {"WORKTREE_ROOT", "BASH_ENV", "ZDOTDIR", "PWD", "OLDPWD", *TERMINAL}


def neutral_environment(home, ref_format=None):
    """The variables to set for a host whose only user lives in `home`; writes the git config they point to."""
    config = os.path.join(home, ".gitconfig")
    with open(config, "w", encoding="utf-8") as file:
        file.write(GITCONFIG)
        if ref_format:
            file.write(f"[init]\n\tdefaultRefFormat = {ref_format}\n")
    return {
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "TERM": "dumb",
        "GIT_CONFIG_GLOBAL": config,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_AUTHOR_DATE": DATE,
        "GIT_COMMITTER_DATE": DATE,
        **{f"XDG_{kind}_HOME": os.path.join(home, *place.split("/")) for kind, place in XDG.items()},
    }
