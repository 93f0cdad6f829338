"""several control pictures, each with its kind, and the style of a picture"""

import sqlalchemy as sa
from alembic import op

revision = "controls"
down_revision = "looks"


def upgrade() -> None:
    for file in ("second_control_file", "third_control_file", "style_image_file"):
        op.add_column("generations", sa.Column(file, sa.String(), nullable=True))
    op.add_column("generations", sa.Column("controls", sa.String(), nullable=True))
    op.add_column("generations", sa.Column("style_scale", sa.Double(), nullable=False, server_default="1"))
