"""Refs in a reftable, read without git: tables that git 2.55 wrote are here, so that any machine can try."""

import base64
import itertools
import os
import zlib

import pytest

from wt.errors import GitError
from wt.git import layout, refs, reftable, worktrees
from wt.pool import gitlocks, mutex

# HEAD on main, `also` -> main, an annotated tag; then `gone` is deleted and there is a second commit
SHA1 = (
    (
        "c-jkcbqir+5MY1;Mkvi%#K3TrLD|FA(S?D(C^fBEKO;3UrC2{VF*A>$8c85Ar#PPlT?MyddVXFi6aP+z<nTZ0FQl(Od)<EPg3J;jYeQ~DkOD"
        "?*Qmj@biRs1qWroZdmC~PrELOh`($P^(KcA%;#>J|EO$P&m3<HBP15-K!V|~S~<P%>CN=p)d@H5s+ZeaK~m*?ce`YZ7s@%7(!{k_IIQ`PBO+n"
        "Ty6uJ-MQ>Q*XS*V%lZ(D<;$qo^(~FRio5EiEq1GcBoa+0-UQap&gbz^tf^b#7TnUK{I@{0i;PEQ(KwK62vd+?n&{Pv<gz$$wMLQ&m*;nQD53ri"
        "J)YwP{P1X)F<a`dsUYTG}(lwG4q<xJ22+*xFp!)EL6%w>%2M5zGwu!BH3^DENOj0DTaQ5C"
    ),
    (
        "c-jkcbqir+5MY1;HYm+r#K7RkP*IecR;-_qnwV0opPrwW%D}Cdo0yr$c;hUOz_k~-U6(8-pV*?t-h5uM&X9pYhJi7if#Gb$t>hD53Q9{7fABNf"
        "|0p+7Y5yNsuUPx{=Id|K;wjTOBBk$HoK`M)>za36wfm&{wiO%A=ZCK`PWgH{*kVtw<weDnrB8RZ^YEzenDn{0*w}lGNY4%lDVeUI%UxfMgM@>-"
        "zFz+PIVkbi|A*(!_?|hlcwH`!4iC>m9v=pap4jLh9R6Xz5By+^<>~DY0bA%-Q~"
    ),
)
# the same, without the second commit
SHA256 = (
    (
        "c-jkcbqir)5MY1;Mkvi%Y-DOy#K7>ALD|FA(S?D(C^fBEKO;3UrC2{VF*A>$8c85Ar#PPlT?MyddVXFi)0EB(AB}_yUpL)u-IujtdE$lT%U{l"
        "tF<$WOq1NxG?oXV#6+wy_2`OW>DoIQ))-N+;{$8>4(V`=3Qey9Q&vT!xZ=Yos_C)^KmTR2R_gZ}4BrPUn5(9$*1A{pOQ#u3V{fb-3C%zPvmL&e*"
        "XRMdxXwaN1X(z=gzAtar-Cg?Ghd&+RK0ST^9M$AK4{kcIz3+c_zQyKWFEwTE9h>uF!j)a0?l`lx2`ioaxpU`CRW7NSl`~amc3RE~<7$iH;q7x>"
        "nR)b=<jPLXqrW;WkNz}Z|FdWpv&7CF#+N^T4oWopvv3!0kf&>B<w?mfu5+#{J5^U|a%H;y+{v}Gb7rN(YDba1&eI!P8y8M$<YchZT3Ho@C!!ee"
        "gP$<Q>|+V`01B(Y&;"
    ),
    (
        "c-jkcbqir)5MY1;HW*!OWNKE#z+lc$QIwiite=sZm{P2to}ZTrlvH3~OlM$FskoJ#QJ~@Ft9|Xfhp&(3HUIPHy;FbiGuBH;L`X<5KIGyn55i+Q1"
        "Abr*W0V(N{00Dewj6i"
    ),
)
FIRST, SECOND = "0fb9006357fc27e81bd7e6eb87dad01ca4123b31", "d8cd0c10d6e86d8ad23893c8b4260783cf217e31"
ONLY = "9489684c2860d0f5b2db85be6ab0a761d0a7a7e99a1c33a0e6e12afbe547e443"
TAG = "68791bf25238abeb522c2c2567cf6a29560a0528"


def stack(path, tables):
    """A git dir as git makes one, with these tables."""
    layout.be_tables(str(path))
    for number, table in enumerate(tables):
        (path / "reftable" / f"{number}.ref").write_bytes(zlib.decompress(base64.b85decode(table)))
    (path / "reftable" / "tables.list").write_text(
        "".join(f"{number}.ref\n" for number in range(len(tables)))
    )
    return str(path)


@pytest.fixture
def git_dir(tmp_path):
    return stack(tmp_path / "git", SHA1)


def test_refs_are_those_of_the_newest_table(git_dir):
    assert reftable.below(git_dir, "") == {
        "HEAD": "ref: refs/heads/main",
        "refs/heads/also": "ref: refs/heads/main",
        "refs/heads/main": SECOND,
        "refs/tags/v1": TAG,
    }
    assert reftable.text(git_dir, "refs/heads/gone") is None
    assert reftable.text(git_dir, "refs/heads/mai") is None
    assert list(reftable.below(git_dir, "refs/tags/", "refs/heads/m")) == ["refs/heads/main", "refs/tags/v1"]


def test_a_log_is_as_its_file_would_be_the_oldest_entry_first(git_dir):
    first, second = reftable.log(git_dir, "refs/heads/main").splitlines()
    assert first == f"{'0' * 40} {FIRST} N. ö <a@b> 1700000000 +0200\tcommit (initial): 1"
    assert second == f"{FIRST} {SECOND} N. ö <a@b> 1700000000 +0200\tcommit: 2"
    assert reftable.log(git_dir, "refs/heads/gone") == ""  # deleted with it
    assert reftable.log(git_dir, "refs/heads/mai") == ""


def test_sha_256_has_longer_ids(tmp_path):
    git_dir = stack(tmp_path / "git", SHA256)
    assert refs.read_file(git_dir, "refs/heads/main") == ONLY
    assert refs.read_file(git_dir, "refs/heads/gone") is None
    assert reftable.log(git_dir, "HEAD").startswith(f"{'0' * 64} {ONLY} ")


def test_whoever_reads_refs_gets_what_files_would_say(git_dir):
    assert layout.head(git_dir) == ("refs/heads/main", None)
    assert refs.branch_of(git_dir) == "main"
    assert refs.read_file(git_dir, "refs/heads/main") == refs.read_loose(git_dir, "refs/heads/main") == SECOND
    assert refs.read_file(git_dir, "refs/heads/also") is None
    assert refs.followed(git_dir, "also") == "main"
    assert refs.made_at(git_dir, "refs/heads/main") == 1700000000
    assert refs.born_without(git_dir, "main", "nonce")
    assert refs.born_with(git_dir, "main", "(initial)")
    assert refs.below(git_dir, "refs/tags/") == ["refs/tags/v1"]
    assert refs.is_any_below(git_dir, "refs/tags/")
    assert not refs.is_any_below(git_dir, "refs/wt/kept/")


def test_packed_refs_that_were_left_behind_say_nothing(git_dir):
    with open(f"{git_dir}/packed-refs", "w", encoding="utf-8") as file:
        file.write(f"{FIRST} refs/heads/gone\n")
    assert refs.read_file(git_dir, "refs/heads/gone") is None


def test_files_stay_files_whatever_lies_beside_them(tmp_path):
    (tmp_path / "reftable").mkdir()
    (tmp_path / "HEAD").write_text(f"{FIRST}\n")
    (tmp_path / "CHERRY_PICK_HEAD").write_text(f"{SECOND}\n")
    (tmp_path / "packed-refs").write_text(f"{SECOND} refs/heads/x\n")
    assert layout.head(str(tmp_path)) == (None, FIRST)
    assert refs.read_file(str(tmp_path), "refs/heads/x") == SECOND
    found = worktrees.operation(str(tmp_path))
    assert found is not None
    assert found.name == "cherry-pick"


@pytest.mark.parametrize("how", ["gone", "cut off", "changed", "another version", "no list"])
def test_a_table_that_cannot_be_read_is_an_error_and_never_no_ref(git_dir, how):
    table = f"{git_dir}/reftable/1.ref"
    with open(table, "rb") as file:
        data = bytearray(file.read())
    if how in ("gone", "no list"):
        os.unlink(table if how == "gone" else f"{git_dir}/reftable/tables.list")
    else:
        data[4 if how == "another version" else len(data) - 9] ^= 3
        with open(table, "wb") as file:
            file.write(data[:40] if how == "cut off" else data)
    for ask in (
        lambda: layout.head(git_dir),
        lambda: refs.read_file(git_dir, "refs/heads/x"),
        lambda: refs.is_any_below(git_dir, "refs/wt/kept/"),
        lambda: worktrees.operation(git_dir),
        lambda: refs.born_with(git_dir, "main", "nonce"),
    ):
        with pytest.raises(GitError, match="cannot be read"):
            ask()


def test_whatever_a_table_holds_it_is_read_or_an_error(git_dir):
    """Each byte wrong in turn: nothing but an error of ours, and no end that never comes."""
    for name in ("0.ref", "1.ref"):
        path = f"{git_dir}/reftable/{name}"
        with open(path, "rb") as file:
            right = file.read()
        failed = 0
        for place, bits in itertools.product(range(len(right)), (0xFF, 0x80, 0x01)):
            with open(path, "wb") as file:
                file.write(right[:place] + bytes([right[place] ^ bits]) + right[place + 1 :])
            try:
                reftable.below(git_dir, "")
                reftable.log(git_dir, "HEAD")
            except GitError:
                failed += 1
        assert failed > len(right)
        with open(path, "wb") as file:
            file.write(right)


def test_locks_that_died_are_removed_though_no_ref_has_a_file(git_dir, tmp_path):
    held = mutex.try_take(str(tmp_path / "m.lock"))
    assert held is not None
    with held:
        gitlocks.Recorded(held, "test", gitlocks.of_ref(git_dir, "refs/heads/x"), print).__enter__()
        beside = [f"{git_dir}/reftable/{name}" for name in ("tables.list.lock", "0.ref.lock")]
        for path in beside:
            with open(path, "w", encoding="utf-8"):
                pass
        assert gitlocks.remove_dead(held.path, print) == []
    assert not any(os.path.exists(path) for path in beside)


def test_locks_of_tables_are_known(git_dir, tmp_path):
    for name in ("tables.list.lock", "0.ref.lock"):
        (tmp_path / "git" / "reftable" / name).touch()
    assert {os.path.basename(path) for path in gitlocks.of_worktree(git_dir) if os.path.exists(path)} == {
        "tables.list.lock",
        "0.ref.lock",
    }
