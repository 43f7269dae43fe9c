#!/usr/bin/env bash
# Runs one function of a hooks file: run.bash DIRECTORY FUNCTION FILE REPORT.
# It waits for a line on stdin, so that nothing runs before it is known which process group does. The file's own top level
# is read as it is, the function's body runs under `set -e`; no function of that name: nothing is done. What WT_LAUNCHER is
# then is left in REPORT. What the file calls its own functions must not matter here: hence `builtin`. Bash 3.2 is enough;
# extglob is on, for without it `bash -n` would refuse its patterns.
IFS= read -r __wt_file || exit 125
exec </dev/null
shopt -s extglob
cd -- "$1" >/dev/null || exit 125
"$BASH" -p -O extglob -n "$3" || exit 2
__wt_function=$2 __wt_file=$3 __wt_report=$4
__wt_tell() {
    builtin printf '%s' "${WT_LAUNCHER-}" >|"$__wt_report"
}
set --
# shellcheck disable=SC1090 # the file is the user's
. "$__wt_file"
__wt_tell
if builtin declare -F -- "$__wt_function" >/dev/null; then
    builtin set -e
    "$__wt_function"
    __wt_tell
fi
