"""further pictures of a blend"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

COLUMNS = ("second_file", "third_file", "fourth_file")


def upgrade() -> None:
    with op.batch_alter_table("generations") as table:
        for name in COLUMNS:
            table.add_column(sa.Column(name, sa.String(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("generations") as table:
        for name in COLUMNS:
            table.drop_column(name)
