"""favourites, styles, habits, drafts, paces; covered pictures"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    with op.batch_alter_table("generations") as table:
        table.add_column(sa.Column("spoiler", sa.Boolean(), nullable=False, server_default="0"))
    op.create_table(
        "favourites",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("generation_id", sa.Integer(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["generation_id"], ["generations.id"], name=op.f("fk_favourites_generation_id")),
        sa.PrimaryKeyConstraint("user_id", "generation_id", name=op.f("pk_favourites")),
    )
    op.create_table(
        "styles",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "name", name=op.f("pk_styles")),
    )
    op.create_table(
        "habits",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("suffix", sa.String(), nullable=False),
        sa.Column("tell_when_done", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_habits")),
    )
    op.create_table(
        "drafts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("request", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drafts")),
    )
    op.create_index(op.f("ix_drafts_user_id"), "drafts", ["user_id"])
    op.create_table(
        "paces",
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("pixels", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("model", "pixels", name=op.f("pk_paces")),
    )


def downgrade() -> None:
    for name in ("paces", "drafts", "habits", "styles", "favourites"):
        op.drop_table(name)
    with op.batch_alter_table("generations") as table:
        table.drop_column("spoiler")
