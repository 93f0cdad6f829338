"""requests remember whether a step cache was turned off for them"""

import sqlalchemy as sa
from alembic import op

revision = "step_cache"
down_revision = "moderation"


def upgrade() -> None:
    op.add_column("generations", sa.Column("step_cache", sa.Boolean(), nullable=False, server_default=sa.true()))
