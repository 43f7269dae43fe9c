complete -c __WT_CMD__ -e
complete -c __WT_CMD__ -f -a '(__wt_complete)'
