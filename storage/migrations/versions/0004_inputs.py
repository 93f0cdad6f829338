"""the pictures that a request starts from"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

COLUMNS = ("image_file", "mask_file", "control_file", "image_prompt_file")


def upgrade() -> None:
    with op.batch_alter_table("generations") as table:
        for name in COLUMNS:
            table.add_column(sa.Column(name, sa.String(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("generations") as table:
        for name in COLUMNS:
            table.drop_column(name)
