"""The verbs by name: one line each, grouped by what one wants to do. Help and completion read it; no verb is imported."""

from __future__ import annotations

# Those of `more` are named on the help page, and no more: it fits a screen of 24 lines.
GROUPS = ("work", "finish", "look", "pool", "shell")
TITLES = {
    "work": "work",
    "finish": "finish",
    "look": "look",
    "pool": "pool",
    "shell": "shell",
    "more": "more",
}

# verb: (group, summary); the module is wt/cli/verbs/<verb>.py
VERBS = {
    "new": ("work", "take a warm slot for a new branch, and go there"),
    "cd": ("work", "go to a held slot, back with -, or to the source"),
    "go": ("work", "work in a slot that is given back when you leave"),
    "run": ("work", "run a command at many commits, side by side in warm slots"),
    "land": ("finish", "bring the work onto the local base, and recycle the slot"),
    "release": ("finish", "give a slot back; refuses where work would be lost"),
    "cleanup": ("finish", "give a slot back if nothing in it would be lost"),
    "sweep": ("finish", "give back every slot in which nothing would be lost"),
    "restore": ("finish", "list what was set aside, or have it again in a slot"),
    "ls": ("look", "list the held slots with their verdicts"),
    "info": ("look", "say everything about one slot, the verdict first"),
    "doctor": ("look", "say what is wrong here, and mend what can be mended"),
    "init": ("pool", "make a pool for this repository"),
    "retire": ("pool", "remove idle slots for good"),
    "trust": ("pool", "read and approve the hooks of this repository"),
    "shell": ("shell", "print, install or remove the shell integration"),
    "demo": ("shell", "show the whole round in a throw-away repository"),
    "help": ("shell", "this page, or wt help VERB for all of one verb"),
    "untrust": ("more", "take back every approval of this repository's hooks"),
    "path": ("more", "print the path of a held slot"),
    "acquire": ("more", "take a slot without moving the shell"),
    "whoami": ("more", "say whether this directory is a slot, a source or neither"),
    "orient": ("more", "print where this is, and the project's AGENTS.md or the like"),
}
ALIASES = {"list": "ls", "rm": "release", "switch": "cd", "why": "info"}

# Words that newcomers type, and what they look for.
ANSWERS = {
    "create": "new", "add": "new", "checkout": "new", "co": "new", "branch": "new", "start": "new", "begin": "new",
    "fork": "new", "worktree": "new",
    "delete": "release", "del": "release", "remove": "release", "done": "release", "close": "release", "free": "release",
    "discard": "release",
    "merge": "land", "finish": "land", "commit": "land", "submit": "land", "squash": "land --squash",
    "rebase": "land --rebase", "abort": "land --abort", "continue": "land", "save": "land", "integrate": "land",
    "status": "ls", "st": "ls", "log": "info", "show": "info", "diff": "info", "describe": "info",
    "open": "cd", "go-to": "cd", "goto": "cd", "use": "cd", "enter": "cd", "jump": "cd", "j": "cd",
    "run-in": "go", "session": "go", "attach": "go", "resume": "go", "work": "go", "workon": "go", "exec": "new", "exit": "cleanup",
    "prune": "sweep", "clean": "sweep", "gc": "sweep", "tidy": "sweep",
    "undo": "restore", "undelete": "restore", "recover": "restore", "stash": "restore", "unstash": "restore",
    "where": "whoami", "pwd": "path", "config": "info", "check": "doctor", "fix": "doctor --fix", "setup": "init",
    "bisect": "run", "test": "run", "install": "shell install", "completion": "shell", "version": "--version",
}  # fmt: skip
