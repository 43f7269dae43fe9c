"""The version, and nothing else: `wt --version` imports only this."""

VERSION = "0.1.0"
