"""speeds are kept by worker; what one worker measured before is known to all"""

import sqlalchemy as sa
from alembic import op

revision = "workers"
down_revision = "step_cache"


def upgrade() -> None:
    op.rename_table("paces", "paces_of_all")
    op.create_table(
        "paces",
        sa.Column("worker", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("pixels", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("worker", "model", "pixels", name=op.f("pk_paces")),
    )
    op.execute("INSERT INTO paces SELECT '', model, pixels, seconds FROM paces_of_all")
    op.drop_table("paces_of_all")
