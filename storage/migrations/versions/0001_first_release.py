"""the tables of the first release"""

import sqlalchemy as sa
from alembic import op

revision = "first_release"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "drafts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("request", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drafts")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_drafts_user_id"), "drafts", ["user_id"])
    op.create_table(
        "forgotten_charges",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("guild_id", sa.Integer(), nullable=True),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("charged", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forgotten_charges")),
    )
    op.create_index(op.f("ix_forgotten_charges_user_id"), "forgotten_charges", ["user_id"])
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
        sa.Column("spoiler", sa.Boolean(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("guard", sa.String(), nullable=False),
        sa.Column("file_limit", sa.Integer(), nullable=True),
        sa.Column("token_only", sa.Boolean(), nullable=False),
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
        sa.Column("schedule", sa.String(), nullable=False),
        sa.Column("guidance_rescale", sa.Double(), nullable=False),
        sa.Column("guidance_start", sa.Double(), nullable=False),
        sa.Column("guidance_end", sa.Double(), nullable=False),
        sa.Column("denoising_strength", sa.Double(), nullable=False),
        sa.Column("hires_factor", sa.Double(), nullable=False),
        sa.Column("hires_strength", sa.Double(), nullable=False),
        sa.Column("control_scale", sa.Double(), nullable=False),
        sa.Column("image_prompt_scale", sa.Double(), nullable=False),
        sa.Column("image_file", sa.String(), nullable=True),
        sa.Column("mask_file", sa.String(), nullable=True),
        sa.Column("control_file", sa.String(), nullable=True),
        sa.Column("image_prompt_file", sa.String(), nullable=True),
        sa.Column("second_file", sa.String(), nullable=True),
        sa.Column("third_file", sa.String(), nullable=True),
        sa.Column("fourth_file", sa.String(), nullable=True),
        sa.Column("factor", sa.Integer(), nullable=False),
        sa.Column("upscaler", sa.String(), nullable=True),
        sa.Column("cells", sa.String(), nullable=True),
        sa.Column("axes", sa.String(), nullable=True),
        sa.Column("charged", sa.Integer(), nullable=False),
        sa.Column("hint_setting", sa.String(), nullable=True),
        sa.Column("hint_usual", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_generations")),
        sa.UniqueConstraint("key", name=op.f("uq_generations_key")),
        sa.ForeignKeyConstraint(["parent_id"], ["generations.id"], name=op.f("fk_generations_parent_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_generations_message_id"), "generations", ["message_id"])
    op.create_index("ix_generations_unfinished", "generations", ["delivered", "state"])
    op.create_index(op.f("ix_generations_user_id"), "generations", ["user_id"])
    op.create_table(
        "paces",
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("pixels", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("model", "pixels", name=op.f("pk_paces")),
    )
    op.create_table(
        "personal_settings",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("suffix", sa.String(), nullable=False),
        sa.Column("tell_when_done", sa.Boolean(), nullable=False),
        sa.Column("reply_when_done", sa.Boolean(), nullable=False),
        sa.Column("hints", sa.Boolean(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("last_hint", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_personal_settings")),
    )
    op.create_table(
        "removals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("file", sa.String(), nullable=True),
        sa.Column("channel_id", sa.Integer(), nullable=True),
        sa.Column("message_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_removals")),
    )
    op.create_table(
        "server_allowed",
        sa.Column("guild_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "kind", "name", name=op.f("pk_server_allowed")),
    )
    op.create_table(
        "server_rules",
        sa.Column("guild_id", sa.Integer(), nullable=False),
        sa.Column("scope_id", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("setting", sa.String(), nullable=False),
        sa.Column("default", sa.String(), nullable=True),
        sa.Column("minimum", sa.Double(), nullable=True),
        sa.Column("maximum", sa.Double(), nullable=True),
        sa.Column("locked", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("guild_id", "scope_id", "model", "setting", name=op.f("pk_server_rules")),
    )
    op.create_table(
        "servers",
        sa.Column("guild_id", sa.Integer(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("nsfw", sa.String(), nullable=False),
        sa.Column("blocked_words", sa.String(), nullable=False),
        sa.Column("log_channel_id", sa.Integer(), nullable=True),
        sa.Column("hints", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", name=op.f("pk_servers")),
    )
    op.create_table(
        "styles",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "name", name=op.f("pk_styles")),
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
        "favourites",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("generation_id", sa.Integer(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["generation_id"], ["generations.id"], name=op.f("fk_favourites_generation_id")),
        sa.PrimaryKeyConstraint("user_id", "generation_id", name=op.f("pk_favourites")),
    )
    op.create_table(
        "figures",
        sa.Column("generation_id", sa.Integer(), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("file", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["generation_id"], ["generations.id"], name=op.f("fk_figures_generation_id")),
        sa.PrimaryKeyConstraint("generation_id", "index", name=op.f("pk_figures")),
    )
    op.create_table(
        "pictures",
        sa.Column("generation_id", sa.Integer(), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("file", sa.String(), nullable=True),
        sa.Column("flagged", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["generation_id"], ["generations.id"], name=op.f("fk_pictures_generation_id")),
        sa.PrimaryKeyConstraint("generation_id", "index", name=op.f("pk_pictures")),
    )
