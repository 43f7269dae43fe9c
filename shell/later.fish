# Completion, which is read at the first TAB: to parse it costs more than all the rest. To look at it:
# command wt shell completion fish
function __wt_load_completion
    eval __WT_LATER__
end

function __wt_complete
    __wt_load_completion
    __wt_complete
end
