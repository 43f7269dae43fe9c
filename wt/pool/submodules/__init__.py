"""Submodules of a slot, contract section 10. Loaded only where a commit has a .gitmodules or a slot has stores.

A submodule of a linked worktree has its repository (here: its store) in `<admin dir>/modules/<name>`, one inside it in
`<store>/modules/<name>`. To the code of the pool a store with its files is a small pool with one slot: what sets aside,
checks out and detaches there is what does so in the slot itself (`stores.as_pool`, `stores.as_slot`).
"""
