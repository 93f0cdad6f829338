"""looks: pictures and words under a name, and which requests draw with them"""

import sqlalchemy as sa
from alembic import op

revision = "looks"
down_revision = "prompts"


def upgrade() -> None:
    op.add_column("generations", sa.Column("looks", sa.String(), nullable=True))
    op.create_table(
        "looks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("role_id", sa.BigInteger(), nullable=True),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("lora", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_looks")),
        sa.UniqueConstraint("user_id", "guild_id", "key", name=op.f("uq_looks_user_id")),
    )
    op.create_index(op.f("ix_looks_guild_id"), "looks", ["guild_id"])
    op.create_table(
        "look_pictures",
        sa.Column("look_id", sa.Integer(), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["look_id"], ["looks.id"], name=op.f("fk_look_pictures_look_id")),
        sa.PrimaryKeyConstraint("look_id", "index", name=op.f("pk_look_pictures")),
    )
