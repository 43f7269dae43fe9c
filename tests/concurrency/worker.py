"""One worker: acquires and releases a slot in rounds, and tells when another had it at the same time.

Its token lies in an ignored file of the slot, where a second holder would find or overwrite it.
"""

import os
import subprocess
import sys


def main(tool, key, name, rounds):
    double = 0
    for number in range(int(rounds)):
        mine = f"{name}-{number}"
        took = subprocess.run([sys.executable, tool, "--pool", key, "acquire", "--name", mine, "--wait", "80"],
                              capture_output=True, text=True)  # fmt: skip
        if took.returncode:
            print(f"acquire {mine}: {took.returncode} {took.stderr}", flush=True)
            return 1
        double += not alone(took.stdout.rstrip("\n"), mine)
        gave = subprocess.run(
            [sys.executable, tool, "--pool", key, "release", "--name", mine], capture_output=True, text=True
        )
        if gave.returncode:
            print(f"release {mine}: {gave.returncode} {gave.stderr}", flush=True)
            return 1
    if double:
        print(f"{double} rounds with a second holder", flush=True)
    return 1 if double else 0


def alone(path, mine):
    """Whether the slot is ours alone: nobody's token at the beginning, ours at the end, and its branch is ours."""
    token = os.path.join(path, "build", "token")
    os.makedirs(os.path.dirname(token), exist_ok=True)
    try:
        descriptor = os.open(token, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    except FileExistsError:
        return False
    os.write(descriptor, mine.encode())
    os.close(descriptor)
    branch = subprocess.run(
        ["git", "-C", path, "symbolic-ref", "--short", "HEAD"], capture_output=True, text=True
    ).stdout.strip()
    with open(token, encoding="utf-8") as file:
        ours = file.read() == mine
    os.unlink(token)
    return ours and branch == mine


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
