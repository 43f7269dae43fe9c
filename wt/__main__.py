"""`python -m wt`."""

import sys

from wt.cli.main import entry

entry(sys.argv[1:])
