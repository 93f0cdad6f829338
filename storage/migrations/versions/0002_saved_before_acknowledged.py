"""requests are saved before they are acknowledged, and each belongs to the bot that looks after it"""

import sqlalchemy as sa
from alembic import op

revision = "saved_before_acknowledged"
down_revision = "first_release"


def upgrade() -> None:
    op.add_column("generations", sa.Column("answer", sa.String(), nullable=False, server_default="original"))
    op.add_column("generations", sa.Column("pending", sa.String(), nullable=True))
    op.add_column("generations", sa.Column("source_file", sa.String(), nullable=True))
    op.add_column("generations", sa.Column("lease_owner", sa.String(), nullable=True))
    op.add_column("generations", sa.Column("leased_until", sa.DateTime(), nullable=True))
    op.execute(
        "UPDATE generations SET source_file = ("
        'SELECT file FROM pictures WHERE generation_id = generations.parent_id AND "index" = generations.parent_picture'
        ") WHERE action IN ('upscale', 'creative upscale') AND state IN ('queued', 'drawing')"
    )
