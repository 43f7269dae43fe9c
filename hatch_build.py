"""What a wheel brings along beside the package: man pages and completion, made from the registry of verbs as it is built."""

import os
import sys

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

COMPLETIONS = {
    "zsh": "share/zsh/site-functions/_wt",
    "bash": "share/bash-completion/completions/wt",
    "fish": "share/fish/vendor_completions.d/wt.fish",
}


class Hook(BuildHookInterface):
    PLUGIN_NAME = "custom"

    def initialize(self, version, build_data):
        """Write the files into a directory that git ignores, and have them put below the prefix."""
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        place = os.path.join(self.root, "build", "generated")
        for name, text in files().items():
            path = os.path.join(place, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            build_data["shared_data"][path] = name


def files():
    """Return the text of every generated file, by its path below the prefix."""
    from wt.cli import completion, man
    from wt.shell import render

    found = {
        name: render.completion(shell, "wt", completion.tables(shell)) for shell, name in COMPLETIONS.items()
    }
    found.update({f"share/man/man1/{name}": text for name, text in man.pages().items()})
    return found
