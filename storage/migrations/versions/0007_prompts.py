"""prompts are kept as typed, too; pictures can tile; servers have styles and word lists"""

import sqlalchemy as sa
from alembic import op

revision = "prompts"
down_revision = "workers"


def upgrade() -> None:
    op.add_column("generations", sa.Column("typed_prompt", sa.String(), nullable=True))
    op.add_column("generations", sa.Column("tile", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "server_texts",
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "kind", "name", name=op.f("pk_server_texts")),
    )
