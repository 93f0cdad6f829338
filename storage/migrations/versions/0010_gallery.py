"""servers have a gallery of starred pictures; people may keep theirs out of it"""

import sqlalchemy as sa
from alembic import op

revision = "gallery"
down_revision = "controls"


def upgrade() -> None:
    op.add_column("servers", sa.Column("gallery_channel_id", sa.BigInteger(), nullable=True))
    op.add_column("servers", sa.Column("gallery_stars", sa.Integer(), nullable=False, server_default="3"))
    op.add_column("personal_settings", sa.Column("gallery", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.create_table(
        "gallery_posts",
        sa.Column("generation_id", sa.Integer(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("generation_id", name=op.f("pk_gallery_posts")),
    )
