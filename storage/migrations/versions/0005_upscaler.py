"""what enlarged a picture"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    with op.batch_alter_table("generations") as table:
        table.add_column(sa.Column("upscaler", sa.String(), nullable=True))
    op.execute("UPDATE generations SET upscaler = 'Lanczos' WHERE action = 'upscale' AND seconds IS NOT NULL")


def downgrade() -> None:
    with op.batch_alter_table("generations") as table:
        table.drop_column("upscaler")
