"""sheets: requests whose pictures have settings of their own"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    with op.batch_alter_table("generations") as table:
        table.add_column(sa.Column("cells", sa.String(), nullable=True))
        table.add_column(sa.Column("cells_steps", sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("generations") as table:
        table.drop_column("cells_steps")
        table.drop_column("cells")
