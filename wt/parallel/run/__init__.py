"""`wt run`: one command at many commits, side by side in warm slots (contract section 18)."""
