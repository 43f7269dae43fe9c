"""land, contract section 12: the slot's commits onto the local base.

steps.py   the thirteen steps in their order; read it first
wish.py    what was asked for, what came of it, and what a land that stopped remembers
refuse.py  steps 1 to 3, and the refusal of 7: nothing is touched before they pass
turn.py    step 4, the land lock, and finishing what a dead land left under it
commit.py  step 7: what is changed is committed
merge.py   step 8: the base merged into the slot
hooks.py   steps 9 and 12: wt_pre_land, wt_post_land
advance.py step 11: the base moved
finish.py  step 13: the slot recycled, kept or handed on
abort.py   a land that stopped, given up
plan.py    --dry-run
move.py    a worktree that goes from one commit to another, journalled; mend.py finishes what died in between

Where the base is, which other verbs ask, too, is ../base.py.
"""
