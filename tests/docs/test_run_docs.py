"""docs/how-to/run.md: its commands print what it says, in a repository that grows."""

import re
import shlex
import subprocess

from tests.docs.test_docs import blocks, steps
from tests.support import gitrepo, tool
from tests.support.tool import Pool


def same_everywhere(lines):
    text = "\n".join(lines)
    text = re.sub(r"\b[0-9a-f]{40}\b|\b[0-9a-f]{9}\b", "<sha>", text)
    text = re.sub(r"\S*/\.meta/logs/[\dTZ]+-\w+/(\d+)-\S+", r"<log \1>", text)
    text = re.sub(r"\d+\.\d s", "<time>", text)
    return [re.sub(r"\s+", " ", line) for line in text.splitlines()]


def test_transcripts_are_true(tmp_path):
    repo = gitrepo.make_repo(tmp_path / "app")
    for size in range(1, 5):
        gitrepo.commit(repo, {"size": f"{size}\n"}, f"Grow to {size}")
    pool = Pool(tmp_path / "worktrees", repo, max_slots=4)
    env = tool.environment(WORKTREE_ROOT=pool.root)
    for block in blocks("docs/how-to/run.md", "console"):
        for _directory, command, output in steps(block):
            line = command.replace("wt", shlex.join(tool.argv("wt")), 1)
            done = subprocess.run(["sh", "-c", line], cwd=repo, env=env, capture_output=True, text=True)
            tally = done.stderr.splitlines()[-1]
            said = [row for row in output if not re.search(r" in \d+\.\d s\.$", row)]
            assert same_everywhere(done.stdout.splitlines()) == same_everywhere(said), command
            assert same_everywhere([tally]) == same_everywhere([row for row in output if row not in said])
