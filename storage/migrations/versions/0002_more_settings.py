"""schedule, guidance's reach, denoising, hires and control among the settings"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

COLUMNS = {
    "guidance_rescale": "0",
    "guidance_start": "0",
    "guidance_end": "1",
    "denoising_strength": "0.75",
    "hires_factor": "1",
    "hires_strength": "0.5",
    "control_scale": "1",
    "image_prompt_scale": "0.6",
}
"""What every picture was drawn with before these could be chosen."""


def upgrade() -> None:
    with op.batch_alter_table("generations") as table:
        table.add_column(sa.Column("schedule", sa.String(), nullable=False, server_default="Automatic"))
        for name, value in COLUMNS.items():
            table.add_column(sa.Column(name, sa.Double(), nullable=False, server_default=value))


def downgrade() -> None:
    with op.batch_alter_table("generations") as table:
        for name in ("schedule", *COLUMNS):
            table.drop_column(name)
