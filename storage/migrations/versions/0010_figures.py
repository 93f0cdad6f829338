"""files that show how a request was drawn"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "figures",
        sa.Column("generation_id", sa.Integer(), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("file", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["generation_id"], ["generations.id"], name=op.f("fk_figures_generation_id")),
        sa.PrimaryKeyConstraint("generation_id", "index", name=op.f("pk_figures")),
    )


def downgrade() -> None:
    op.drop_table("figures")
