"""what each request costs a budget"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

STEPS = """
    CASE action WHEN 'upscale' THEN 0 ELSE steps * count * CASE sampler WHEN 'Heun' THEN 2 ELSE 1 END END
    + CASE action WHEN 'explain' THEN 40 ELSE 0 END
"""


def upgrade() -> None:
    with op.batch_alter_table("generations") as table:
        table.add_column(sa.Column("charged", sa.Integer(), nullable=False, server_default="0"))
    op.execute(f"UPDATE generations SET charged = coalesce(cells_steps, {STEPS}) WHERE state != 'failed'")
    with op.batch_alter_table("generations") as table:
        table.drop_column("cells_steps")


def downgrade() -> None:
    with op.batch_alter_table("generations") as table:
        table.add_column(sa.Column("cells_steps", sa.Integer(), nullable=True))
    op.execute("UPDATE generations SET cells_steps = charged WHERE cells IS NOT NULL")
    with op.batch_alter_table("generations") as table:
        table.drop_column("charged")
