"""The rules of the house as functions: source in, findings out. What is allowed where is in unit/test_house.py."""

import ast
import io
import os
import re
import statistics
import tokenize

FILE_EFFECTS = {
    "os": {
        "rename",
        "renames",
        "replace",
        "unlink",
        "remove",
        "rmdir",
        "removedirs",
        "mkdir",
        "makedirs",
        "mkfifo",
    }
    | {"symlink", "link", "truncate", "ftruncate", "chmod", "utime"},
    "shutil": {"rmtree", "move", "copy", "copy2", "copyfile", "copytree", "copymode", "copystat"},
    "tempfile": {"mkdtemp", "mkstemp", "NamedTemporaryFile", "TemporaryDirectory", "TemporaryFile"},
}
PATHLIB_EFFECTS = {"write_text", "write_bytes", "unlink", "rmdir", "symlink_to", "hardlink_to", "touch"}
WRITING_FLAGS = {"O_WRONLY", "O_RDWR", "O_CREAT", "O_APPEND", "O_TRUNC", "O_TMPFILE"}
STARTERS = re.compile(r"posix_spawnp?|system|popen|exec[lv]p?e?|spawn[lv]p?e?|fork|forkpty")
STARTER_MODULES = {"subprocess", "multiprocessing", "_posixsubprocess", "pty", "pexpect"}
# A machine's own places. Spelt so that this file does not name one.
MACHINE_PATH = re.compile(r"(?<![\w.~$}/-])/(?:wo" r"rk|fa" r"rm)/|(?<![\w.~$}/-])/opt/d" r"ev\b")
BARE_EXCUSE = re.compile(
    r"#\s*(?:ruff:\s*)?noqa(?::\s*[A-Z]+\d+(?:[,\s]+[A-Z]+\d+)*)?[\s#:(),.-]*$"
    r"|#\s*type:\s*ignore(?:\[[\w, -]*\])?[\s#]*$"
    r"|#\s*pragma:\s*no (?:cover|branch)[\s()#]*$"
    r"|#\s*mypy:\s*[\w-]+(?:=[\w-]*)?[\s#]*$"
)


def dotted(node):
    """`a.b.c` of a name or an attribute of names; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        owner = dotted(node.value)
        return f"{owner}.{node.attr}" if owner else ""
    return ""


def module_name(path):
    name = path.removesuffix(".py").replace("/", ".")
    return name.removesuffix(".__init__")


def _absolute(node, package):
    """The module that `from … import` names, relative dots resolved."""
    if not node.level:
        return node.module or ""
    base = package.split(".")[: len(package.split(".")) - (node.level - 1)]
    return ".".join([*base, *([node.module] if node.module else [])])


def imports(path, source, is_module):
    """(line, module) of every import, those inside functions and under TYPE_CHECKING included.
    `from wt import errors` is an import of wt.errors where `is_module` says that there is one."""
    package = module_name(path) if path.endswith("__init__.py") else module_name(path).rpartition(".")[0]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = _absolute(node, package)
            for alias in node.names:
                child = f"{module}.{alias.name}"
                yield node.lineno, child if is_module(child) else module


def layer_of(module, root="wt"):
    """`wt.pool.lock` is in the layer `pool`; the package itself in `__init__`."""
    parts = module.split(".")
    return None if parts[0] != root else (parts[1] if len(parts) > 1 else "__init__")


def import_arrows(path, source, may_import, is_module):
    own = layer_of(module_name(path))
    if own not in may_import:
        yield f"{path}: layer {own!r} has no row in LAYERS: say what it may import, and who may import it"
        return
    for line, module in imports(path, source, is_module):
        target = layer_of(module)
        if target and target != own and target not in may_import[own]:
            yield f"{path}:{line}: {own} may not import {module} (arrows point down only)"


def verb_siblings(path, source, is_module):
    own = module_name(path)
    if not own.startswith("wt.cli.verbs."):
        return
    for line, module in imports(path, source, is_module):
        if module.startswith("wt.cli.verbs.") and not module.startswith(own):
            yield f"{path}:{line}: a verb imports {module}; what two verbs share belongs to session/ or cli/"


def function_lengths(source):
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [
        (node.end_lineno or 0) - node.lineno + 1
        for node in ast.walk(ast.parse(source))
        if isinstance(node, kinds)
    ]


def length_findings(lengths, median, ninetieth):
    """Lengths of all functions, against the two goals; nothing to say about fewer than ten."""
    if len(lengths) < 10:
        return
    if (middle := statistics.median(lengths)) > median:
        yield f"the median function has {middle} lines, over {median}: split by question asked"
    if (most := statistics.quantiles(lengths, n=10, method="inclusive")[8]) > ninetieth:
        yield f"one function in ten is longer than {most:.0f} lines, over {ninetieth}"


def _aliases(tree):
    imported = (alias for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names)
    return {alias.asname: alias.name for alias in imported if alias.asname}


def _names(tree):
    """(line, dotted name) of everything that a module reaches through another, however it imported it."""
    aliases = _aliases(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            first, _, rest = dotted(node).partition(".")
            yield node.lineno, f"{aliases.get(first, first)}.{rest}"
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def process_starts(path, source):
    tree = ast.parse(source)
    for line, module in imports(path, source, lambda _: False):
        if module.split(".")[0] in STARTER_MODULES:
            yield f"{path}:{line}: imports {module}"
    for line, name in _names(tree):
        owner, _, what = name.rpartition(".")
        of_os = owner in {"os", "posix"} and STARTERS.fullmatch(what)
        if of_os or (owner == "asyncio" and what.startswith("create_subprocess")):
            yield f"{path}:{line}: {name}"


def _opens_for_writing(call):
    name = dotted(call.func)
    if name == "os.open":
        return any(isinstance(n, ast.Attribute) and n.attr in WRITING_FLAGS for n in ast.walk(call))
    if name not in {"open", "io.open", "os.fdopen", "codecs.open"}:
        return False
    modes = [*call.args[1:2], *(keyword.value for keyword in call.keywords if keyword.arg == "mode")]
    # A mode that is no literal may be anything, so it counts.
    return any(not isinstance(mode, ast.Constant) or set("wax+") & set(str(mode.value)) for mode in modes)


def _imported_names(tree):
    kinds = (ast.Import, ast.ImportFrom)
    aliases = (alias for node in ast.walk(tree) if isinstance(node, kinds) for alias in node.names)
    return {(alias.asname or alias.name).partition(".")[0] for alias in aliases}


def file_effects(path, source):
    tree = ast.parse(source)
    modules = _imported_names(tree)
    for line, name in _names(tree):
        owner, _, what = name.rpartition(".")
        if what in FILE_EFFECTS.get(owner, ()):
            yield f"{path}:{line}: {name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _opens_for_writing(node):
            yield f"{path}:{node.lineno}: {ast.unparse(node.func)} for writing"
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in PATHLIB_EFFECTS
            and dotted(node.func.value).partition(".")[0] not in modules
        ):
            yield f"{path}:{node.lineno}: .{node.func.attr}()"


def writes_to_streams(path, source):
    tree = ast.parse(source)
    for line, name in _names(tree):
        if name in {"sys.stdout", "sys.stderr", "sys.__stdout__", "sys.__stderr__"}:
            yield f"{path}:{line}: {name}"
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if dotted(node.func) in {"print", "pprint.pprint"}:
            yield f"{path}:{node.lineno}: {dotted(node.func)}()"
        first = node.args[0] if node.args else None
        if dotted(node.func) == "os.write" and isinstance(first, ast.Constant):
            yield f"{path}:{node.lineno}: os.write to descriptor {first.value!r}"


def directory_changes(path, source):
    for line, name in _names(ast.parse(source)):
        if name in {"os.chdir", "os.fchdir", "contextlib.chdir"}:
            yield f"{path}:{line}: {name}"


def _is_broad(handler):
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return handler.type is None or any(dotted(kind) in {"Exception", "BaseException"} for kind in kinds)


def broad_catches(path, source):
    """Catching all to undo something and raising it again, last and unconditionally, is no catch."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ExceptHandler) and _is_broad(node):
            last = node.body[-1]
            if not (isinstance(last, ast.Raise) and last.exc is None):
                yield f"{path}:{node.lineno}: catches everything"
        elif isinstance(node, ast.Call) and dotted(node.func).endswith("suppress"):
            yield from (
                f"{path}:{node.lineno}: suppresses everything"
                for kind in node.args
                if dotted(kind) in {"Exception", "BaseException"}
            )


def machine_paths(path, text):
    for number, line in enumerate(text.splitlines(), 1):
        if found := MACHINE_PATH.search(line):
            yield f"{path}:{number}: names {found.group()!r}, a place of one machine"


def bare_excuses(path, source):
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and BARE_EXCUSE.search(token.string):
            yield f"{path}:{token.start[0]}: {token.string.strip()!r} gives no reason"


def ignores_without_reason(toml):
    """Entries of ruff's ignore lists that have no comment on their line."""
    inside = False
    for number, line in enumerate(toml.splitlines(), 1):
        text = line.strip()
        if re.match(r'(ignore|"[^"]*")\s*=\s*\[', text):
            inside = True
            text = text.split("[", 1)[1].strip()
        if inside and text.startswith('"') and "#" not in text:
            yield f"pyproject.toml:{number}: {text} has no reason beside it"
        inside = inside and not text.startswith("]") and not text.endswith("]")


def python_files(root, top):
    """Paths relative to root, with `/`, of every module below root/top."""
    for directory, _, names in os.walk(os.path.join(root, top)):
        for name in names:
            if name.endswith(".py"):
                yield os.path.relpath(os.path.join(directory, name), root).replace(os.sep, "/")
