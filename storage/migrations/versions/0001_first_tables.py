"""the first tables"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "generations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("guild_id", sa.Integer(), nullable=True),
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("token", sa.String(), nullable=True),
        sa.Column("token_expires", sa.DateTime(), nullable=True),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("parent_picture", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("failure", sa.String(), nullable=True),
        sa.Column("delivered", sa.Boolean(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=True),
        sa.Column("circumstances", sa.String(), nullable=True),
        sa.Column("prompt", sa.String(), nullable=False),
        sa.Column("negative_prompt", sa.String(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("guidance_scale", sa.Double(), nullable=False),
        sa.Column("sampler", sa.String(), nullable=False),
        sa.Column("clip_skip", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("variation_seed", sa.Integer(), nullable=False),
        sa.Column("variation_strength", sa.Double(), nullable=False),
        sa.Column("seed_width", sa.Integer(), nullable=False),
        sa.Column("seed_height", sa.Integer(), nullable=False),
        sa.Column("factor", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["generations.id"], name=op.f("fk_generations_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_generations")),
        sa.UniqueConstraint("key", name=op.f("uq_generations_key")),
    )
    with op.batch_alter_table("generations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_generations_message_id"), ["message_id"], unique=False)
        batch_op.create_index("ix_generations_unfinished", ["delivered", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_generations_user_id"), ["user_id"], unique=False)

    op.create_table(
        "server_defaults",
        sa.Column("guild_id", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("negative_prompt", sa.String(), nullable=True),
        sa.Column("steps", sa.Integer(), nullable=True),
        sa.Column("guidance_scale", sa.Double(), nullable=True),
        sa.Column("sampler", sa.String(), nullable=True),
        sa.Column("clip_skip", sa.Integer(), nullable=True),
        sa.Column("count", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("guild_id", "model", name=op.f("pk_server_defaults")),
    )
    op.create_table(
        "server_limits",
        sa.Column("guild_id", sa.Integer(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=True),
        sa.Column("side", sa.Integer(), nullable=True),
        sa.Column("count", sa.Integer(), nullable=True),
        sa.Column("waiting", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("guild_id", name=op.f("pk_server_limits")),
    )
    op.create_table(
        "user_defaults",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("negative_prompt", sa.String(), nullable=True),
        sa.Column("steps", sa.Integer(), nullable=True),
        sa.Column("guidance_scale", sa.Double(), nullable=True),
        sa.Column("sampler", sa.String(), nullable=True),
        sa.Column("clip_skip", sa.Integer(), nullable=True),
        sa.Column("count", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("user_id", "model", name=op.f("pk_user_defaults")),
    )
    op.create_table(
        "pictures",
        sa.Column("generation_id", sa.Integer(), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("file", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["generation_id"], ["generations.id"], name=op.f("fk_pictures_generation_id")),
        sa.PrimaryKeyConstraint("generation_id", "index", name=op.f("pk_pictures")),
    )


def downgrade() -> None:
    op.drop_table("pictures")
    op.drop_table("user_defaults")
    op.drop_table("server_limits")
    op.drop_table("server_defaults")
    with op.batch_alter_table("generations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_generations_user_id"))
        batch_op.drop_index("ix_generations_unfinished")
        batch_op.drop_index(batch_op.f("ix_generations_message_id"))

    op.drop_table("generations")
