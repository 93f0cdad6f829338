"""the language of whoever asked"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    with op.batch_alter_table("generations") as table:
        table.add_column(sa.Column("locale", sa.String(), nullable=False, server_default="en-US"))


def downgrade() -> None:
    with op.batch_alter_table("generations") as table:
        table.drop_column("locale")
