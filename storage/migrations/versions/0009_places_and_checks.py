"""the policy a request is held to, pictures that a checker noticed, the cap of a place, places reached by token only;
replies when a picture is done"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    with op.batch_alter_table("generations") as table:
        table.add_column(sa.Column("guard", sa.String(), nullable=False, server_default="off"))
        table.add_column(sa.Column("file_limit", sa.Integer(), nullable=True))
        table.add_column(sa.Column("token_only", sa.Boolean(), nullable=False, server_default="0"))
    with op.batch_alter_table("pictures") as table:
        table.add_column(sa.Column("flagged", sa.Boolean(), nullable=False, server_default="0"))
    with op.batch_alter_table("habits") as table:
        table.add_column(sa.Column("reply_when_done", sa.Boolean(), nullable=False, server_default="0"))


def downgrade() -> None:
    with op.batch_alter_table("habits") as table:
        table.drop_column("reply_when_done")
    with op.batch_alter_table("pictures") as table:
        table.drop_column("flagged")
    with op.batch_alter_table("generations") as table:
        for name in ("token_only", "file_limit", "guard"):
            table.drop_column(name)
