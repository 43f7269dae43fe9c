"""The version, alone in a file, so that the build and a hot verb read it without importing anything else."""

VERSION = "0.1.0"
