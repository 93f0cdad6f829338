"""Migrations end whole or not at all, and leave a copy of what was there."""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from storage import database, numbers, schema, snapshots
from storage.database import UnusableDatabase
from tests.storage.test_released import RELEASED, write

NEXT = '''
"""a migration of a later version"""

import sqlalchemy as sa
from alembic import op

revision = "later"
down_revision = "{newest}"


def upgrade() -> None:
    op.create_table("colours", sa.Column("name", sa.String(), primary_key=True))
    op.execute("INSERT INTO colours VALUES ('red')")
    with op.batch_alter_table("drafts", recreate="always", table_kwargs={{"sqlite_autoincrement": True}}) as drafts:
        drafts.add_column(sa.Column("colour", sa.String(), nullable=True))
    op.execute("UPDATE drafts SET colour = 'red'")
'''


@pytest.fixture
def later(tmp_path: Path) -> Path:
    """The migrations of a later version, which has one more."""
    folder = tmp_path / "later"
    shutil.copytree(schema.MIGRATIONS, folder)
    (folder / "versions" / "9999_later.py").write_text(NEXT.format(newest=schema.newest()))
    return folder


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The database of a released version."""
    write(RELEASED[0], tmp_path / database.FILE)
    return tmp_path / database.FILE


def ask(file: Path, question: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(question).fetchall()


def kills(folder: Path, migrations: Path, distance: int) -> list[str]:
    """What each kill left, and what the next opening made of it. Coverage is not counted: that takes longer than all
    its hundreds of forks."""
    killer = [sys.executable, "-m", "tests.storage.killed_migration", str(folder), str(migrations), str(distance)]
    uncounted = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    result = subprocess.run(killer, capture_output=True, text=True, check=False, env=uncounted)
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


def test_a_database_opens_again_wherever_its_creation_was_killed(tmp_path: Path) -> None:
    outcomes = kills(tmp_path, schema.MIGRATIONS, 3)
    assert len(outcomes) > 10
    assert set(outcomes) <= {f"None {schema.newest()}", f"{schema.newest()} {schema.newest()}"}


def test_a_database_opens_again_wherever_its_upgrade_was_killed(file: Path, later: Path) -> None:
    database.migrate(file)
    file.rename(file.with_name("before.db"))
    outcomes = kills(file.parent, later, 2)
    assert len(outcomes) > 15
    assert set(outcomes) <= {f"{schema.newest()} later", "later later"}
    assert f"{schema.newest()} later" in outcomes
    assert ask(file, "SELECT id, user_id, colour FROM drafts") == [(1, 11, "red")]
    assert ask(file, "PRAGMA integrity_check") == [("ok",)]


def test_a_migration_that_fails_leaves_everything_as_it_was(
    file: Path, later: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.migrate(file)
    before = ask(file, "SELECT sql FROM sqlite_master")
    with (later / "versions" / "9999_later.py").open("a") as migration:
        migration.write('    op.execute("INSERT INTO nowhere VALUES (1)")\n')
    monkeypatch.setattr(schema, "MIGRATIONS", later)
    with pytest.raises(UnusableDatabase, match="no such table: nowhere"):
        database.migrate(file)
    assert ask(file, "SELECT sql FROM sqlite_master") == before


def test_a_copy_of_the_database_is_kept_for_a_while_before_it_is_upgraded(
    file: Path, later: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.migrate(file)
    copy = file.parent / snapshots.FOLDER / f"before-upgrade-from-{schema.newest()}.db"
    assert not copy.exists()
    monkeypatch.setattr(schema, "MIGRATIONS", later)
    database.migrate(file)
    assert ask(copy, "SELECT id, user_id FROM drafts") == [(1, 11)]
    assert [(copy.stat().st_mode & 0o777), (copy.parent.stat().st_mode & 0o777)] == [0o600, 0o700]
    made = copy.stat().st_mtime
    snapshots.remove_old(file.parent, made + snapshots.LIFE.total_seconds() - 1)
    assert copy.exists()
    snapshots.remove_old(file.parent, made + snapshots.LIFE.total_seconds() + 1)
    assert not copy.exists()


def test_no_upgrade_without_a_copy(file: Path, later: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database.migrate(file)
    shutil.rmtree(file.parent / snapshots.FOLDER, ignore_errors=True)
    (file.parent / snapshots.FOLDER).write_text("in the way")
    monkeypatch.setattr(schema, "MIGRATIONS", later)
    with pytest.raises(UnusableDatabase, match="cannot be opened"):
        database.migrate(file)
    assert ask(file, "SELECT version_num FROM alembic_version") != [("later",)]


def test_numbers_go_on_where_they_were_after_a_table_was_made_anew(
    file: Path, later: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.migrate(file)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("INSERT INTO drafts VALUES (70, 1, '2026-01-01', '{}')")
        connection.execute("DELETE FROM drafts")
        connection.commit()
    monkeypatch.setattr(schema, "MIGRATIONS", later)
    database.migrate(file)
    assert ask(file, "SELECT seq FROM sqlite_sequence WHERE name = 'drafts'") == [(70,)]
    assert numbers.NumbersFile(file.parent).highest["drafts"] == 70


def test_the_database_and_what_lies_beside_it_are_private(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    before = os.umask(0)
    try:
        database.migrate(folder / database.FILE)
    finally:
        os.umask(before)
    assert {each.stat().st_mode & 0o777 for each in folder.iterdir()} == {0o600}
