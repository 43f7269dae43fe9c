# shellcheck shell=bash
# `complete` is there unless bash was built without readline.
\builtin complete -F __wt_complete __WT_CMD__ 2>/dev/null || \builtin :
