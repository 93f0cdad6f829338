"""faces of a picture are drawn anew"""

import sqlalchemy as sa
from alembic import op

revision = "faces"
down_revision = "gallery"


def upgrade() -> None:
    op.add_column("generations", sa.Column("faces", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("generations", sa.Column("faces_found", sa.Integer(), nullable=True))
