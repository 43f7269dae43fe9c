"""Finds the files that are no Python: shell/ and hooks/, in `wt/share` of an installed wheel, else beside the package."""

from __future__ import annotations

import os

from wt.errors import WtError


def find(*parts: str) -> str:
    """Return the path of one of our own files; WtError where the installation lacks it."""
    package = os.path.dirname(os.path.abspath(__file__))
    for root in (f"{package}/share", os.path.dirname(package)):
        path = os.path.join(root, *parts)
        if os.path.exists(path):
            return path
    raise WtError(f"This installation of wt lacks {'/'.join(parts)}.", "to see where it is: command -V wt")


def read(*parts: str) -> str:
    with open(find(*parts), encoding="utf-8") as file:
        return file.read()
