"""what comparisons compare"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    with op.batch_alter_table("generations") as table:
        table.add_column(sa.Column("axes", sa.String(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("generations") as table:
        table.drop_column("axes")
