"""rules of servers: defaults, bounds and locks by channel, role and model, instead of defaults and limits"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

DEFAULTS = ("width", "height", "negative_prompt", "steps", "guidance_scale", "sampler", "clip_skip", "count")
LIMITS = ("steps", "side", "count", "waiting")


def upgrade() -> None:
    op.create_table(
        "servers",
        sa.Column("guild_id", sa.Integer(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("nsfw", sa.String(), nullable=False),
        sa.Column("blocked_words", sa.String(), nullable=False),
        sa.Column("log_channel_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("guild_id", name=op.f("pk_servers")),
    )
    op.create_table(
        "server_rules",
        sa.Column("guild_id", sa.Integer(), nullable=False),
        sa.Column("scope_id", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("setting", sa.String(), nullable=False),
        sa.Column("default", sa.String(), nullable=True),
        sa.Column("least", sa.Double(), nullable=True),
        sa.Column("most", sa.Double(), nullable=True),
        sa.Column("locked", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("guild_id", "scope_id", "model", "setting", name=op.f("pk_server_rules")),
    )
    op.create_table(
        "server_allowed",
        sa.Column("guild_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "kind", "name", name=op.f("pk_server_allowed")),
    )
    for name in DEFAULTS:
        op.execute(
            'INSERT INTO server_rules (guild_id, scope_id, model, setting, "default") '
            f"SELECT guild_id, guild_id, model, '{name}', CAST({name} AS TEXT) FROM server_defaults "
            f"WHERE {name} IS NOT NULL"
        )
    for name in LIMITS:
        op.execute(
            "INSERT INTO server_rules (guild_id, scope_id, model, setting, most) "
            f"SELECT guild_id, guild_id, '', '{name}', {name} FROM server_limits WHERE {name} IS NOT NULL "
            "ON CONFLICT (guild_id, scope_id, model, setting) DO UPDATE SET most = excluded.most"
        )
    op.drop_table("server_defaults")
    op.drop_table("server_limits")


def downgrade() -> None:
    raise NotImplementedError("rules of channels and roles have no place in the tables before")
