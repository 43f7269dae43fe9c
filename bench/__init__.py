"""The benchmarks behind docs/performance.md: each row is a ratio, both sides taken in one run, in turn."""
