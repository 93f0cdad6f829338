"""servers block members and named people"""

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
