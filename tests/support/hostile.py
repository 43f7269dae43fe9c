"""Names that nobody may give to a slot, a pool or a group: the table that unit and integration tests share."""

# Whatever the pool: an empty word, paths, options, what a terminal would obey, what a shell would run, git's own words.
NAMES = (
    "", ".", "..", "../x", "a/../../b", "/etc/x", "~/x", "~root",
    "-x", "-", "--upload-pack=touch p", "--", "x/-y",
    " ", "a b", "\t", "a\nb", "a\rb", "\x1b]0;t\a", "a\x7fb", "a\x9bb", "\udcff",
    ".hidden", ".meta", "x/.git", ".GIT", "x/.GiT", "git~1", "x.lock", "X.LOCK", "x.lock/y", "x.", "x//y", "x/", "/x",
    "a:b", "a\\b", "a?", "a*", "a[b", "a^b", "x..y", "a@{1}",
    "slot-3", "SLOT-3", "Slot-03", "slot/3", "slot-12345678901",
    "main", "MAIN", "HEAD", "head", "@", "@{-1}", "FETCH_HEAD", "refs/heads/x", "REFS/x",
    "1234", "0", "a" * 40, "A" * 40, "0123456789" * 4, "f" * 64,
    "a" * 201, "a" * 256, "é" * 101, "/".join(["a" * 50] * 100),
    "a\u202eb", "a\u200bb", "a\uff0fb", "\u2066x", "\ufeffx", "x\u00a0y",
    "$(touch p)", "`id`", "a;id", "a'b\"c", "{a,b}", "!x", "%F{red}x%n", "a|b", "a&b", "a>b", "#x", "(x)",
)  # fmt: skip
GROUPED = ("ios-0", "IOS-7", "ios/3")
# What real people and tools call things.
GOOD = (
    "x", "feature-x", "feature/x", "a/b/c", "_x", "1-fix", "user@host", "v1.2.3", "a+b", "a=b", "a,b", "größe", "機能",
    "x" * 200, "slot", "slot-x", "Slot", "abc123", "1234a", "x-1", "master", "main2", "dependabot/npm_and_yarn/a-1.0.2",
)  # fmt: skip
