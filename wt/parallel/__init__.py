"""Many hypotheses, many commits, on the pool's own slots: the Python library and `wt run`. Everything else is below."""
