"""requests remember what was ignored of them, so that their messages say so"""

import sqlalchemy as sa
from alembic import op

revision = "ignored"
down_revision = "saved_before_acknowledged"


def upgrade() -> None:
    op.add_column("generations", sa.Column("ignored", sa.String(), nullable=True))
