"""One process of library users: so many threads, each so many rounds of acquire, work, release and persist.

A token lies in an ignored file of the worktree, where a second holder would find or overwrite it.
"""

import os
import sys
import threading

from wt import WorktreePool


def rounds_of(pool, who, rounds, problems):
    try:
        for number in range(rounds):
            mine = f"{who}/{number}"
            path = pool.acquire(mine, wait=3000)
            if not alone(path, mine):
                problems.append(f"{mine}: a second holder, or somebody's debris")
            pool.release(mine)
            pool.persist_state()
    except Exception as error:
        problems.append(f"{who}: {error!r} {getattr(error, 'details', '')}")


def alone(path, mine):
    token = path / "build" / "token"
    token.parent.mkdir(exist_ok=True)
    try:
        os.close(os.open(token, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    clean = sorted(os.listdir(path)) == [".git", ".gitignore", "README", "build"]
    token.write_text(mine)
    (path / "README").write_text(mine)
    (path / "junk").write_text(mine)
    ours = token.read_text() == (path / "README").read_text() == mine
    token.unlink()
    return clean and ours


def main(repo, size, threads, rounds):
    problems: list[str] = []
    pool = WorktreePool(repo, max_size=int(size))
    workers = [
        threading.Thread(target=rounds_of, args=(pool, f"{os.getpid()}-{number}", int(rounds), problems))
        for number in range(int(threads))
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print(*problems, sep="\n", end="")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
