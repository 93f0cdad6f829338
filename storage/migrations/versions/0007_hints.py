"""hints"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    with op.batch_alter_table("generations") as table:
        table.add_column(sa.Column("hint_setting", sa.String(), nullable=True))
        table.add_column(sa.Column("hint_usual", sa.String(), nullable=True))
    with op.batch_alter_table("habits") as table:
        table.add_column(sa.Column("hints", sa.Boolean(), nullable=False, server_default="1"))
        table.add_column(sa.Column("hinted", sa.DateTime(), nullable=True))
    with op.batch_alter_table("servers") as table:
        table.add_column(sa.Column("hints", sa.Boolean(), nullable=False, server_default="1"))


def downgrade() -> None:
    with op.batch_alter_table("servers") as table:
        table.drop_column("hints")
    with op.batch_alter_table("habits") as table:
        table.drop_column("hinted")
        table.drop_column("hints")
    with op.batch_alter_table("generations") as table:
        table.drop_column("hint_usual")
        table.drop_column("hint_setting")
