# shellcheck shell=bash
# Unity: Library/ is imported once a slot, which takes long, and stays. One group a platform keeps imports apart:
# wt init --groups ios,android. Copy it to .wt-hooks.sh, and say in UNITY where the editor is.

UNITY=${UNITY:-/Applications/Unity/Hub/Editor/Unity.app/Contents/MacOS/Unity}

wt_post_acquire() {
    if [ "$WT_FRESH" = 1 ] || [ ! -d Library ]; then
        unity -batchmode -nographics -quit -logFile -
    fi
}

# The supervised session (wt go) is the editor itself.
wt_pre_go() {
    # shellcheck disable=SC2034 # wt reads it
    WT_LAUNCHER="'$UNITY' -projectPath ."
}

wt_pre_land() {
    unity -batchmode -nographics -runTests -testPlatform EditMode -testResults "${TMPDIR:-/tmp}/$WT_SLOT-results.xml" -logFile -
}

# An editor that is still open would go on writing into a slot that is somebody else's.
wt_pre_release() {
    if [ -f Temp/UnityLockfile ]; then
        echo "an editor is open in $WT_NAME, or was killed there: Temp/UnityLockfile is still there"
        return 1
    fi
}

unity() {
    local target=()
    case $WT_GROUP in
        ios) target=(-buildTarget iOS) ;;
        android) target=(-buildTarget Android) ;;
    esac
    "$UNITY" -projectPath "$WT_PATH" ${target[@]+"${target[@]}"} "$@"
}
