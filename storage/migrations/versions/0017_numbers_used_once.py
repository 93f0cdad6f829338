"""numbers of requests and drafts that are never used twice; what forgotten people have spent"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    _rebuild(autoincrement=True)
    op.create_table(
        "spendings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("guild_id", sa.Integer(), nullable=True),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("charged", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spendings")),
    )
    op.create_index(op.f("ix_spendings_user_id"), "spendings", ["user_id"])


def downgrade() -> None:
    op.drop_table("spendings")
    _rebuild(autoincrement=False)


def _rebuild(*, autoincrement: bool) -> None:
    """Migrations hold no foreign keys: what refers to a table stays while that gives way to its copy."""
    for name in ("generations", "drafts"):
        with op.batch_alter_table(name, recreate="always", table_kwargs={"sqlite_autoincrement": autoincrement}):
            pass
