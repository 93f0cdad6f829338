"""servers block members, named people and pictures, restrict LoRAs to roles, and get reports of pictures"""

import sqlalchemy as sa
from alembic import op

revision = "moderation"
down_revision = "ignored"


def upgrade() -> None:
    op.add_column("servers", sa.Column("blocked_people", sa.String(), nullable=False, server_default=""))
    op.create_table(
        "server_blocked_members",
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "user_id", name=op.f("pk_server_blocked_members")),
    )
    op.create_table(
        "server_lora_roles",
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("lora", sa.String(), nullable=False),
        sa.Column("role_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "lora", "role_id", name=op.f("pk_server_lora_roles")),
    )
    op.create_table(
        "reports",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("generation_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["generation_id"], ["generations.id"], name=op.f("fk_reports_generation_id")),
        sa.PrimaryKeyConstraint("user_id", "generation_id", name=op.f("pk_reports")),
    )
    op.create_table(
        "server_blocked_pictures",
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "name", name=op.f("pk_server_blocked_pictures")),
    )
