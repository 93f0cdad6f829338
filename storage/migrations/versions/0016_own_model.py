"""which model a person wants"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    with op.batch_alter_table("habits") as table:
        table.add_column(sa.Column("model", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("habits") as table:
        table.drop_column("model")
