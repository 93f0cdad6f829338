"""The tables. Times are UTC."""

from datetime import UTC, datetime
from typing import ClassVar

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, MetaData, TypeDecorator, UniqueConstraint, false, true
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from storage.records import GALLERY_STARS


class UtcDateTime(TypeDecorator[datetime]):
    """Aware datetimes, stored as UTC, because SQLite has no time zones."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[type, object]] = {datetime: UtcDateTime}


class GenerationRow(Base):
    __tablename__ = "generations"
    __table_args__ = (Index("ix_generations_unfinished", "delivered", "state"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    """Never reused: old messages refer to it."""
    key: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(index=True)
    guild_id: Mapped[int | None]
    channel_id: Mapped[int]
    message_id: Mapped[int] = mapped_column(index=True)
    """0 until it is known."""
    answer: Mapped[str] = mapped_column(default="original", server_default="original")
    private: Mapped[bool]
    token: Mapped[str | None]
    token_expires: Mapped[datetime | None]
    spoiler: Mapped[bool] = mapped_column(default=False)
    locale: Mapped[str] = mapped_column(default="en-US")
    guard: Mapped[str] = mapped_column(default="off")
    file_limit: Mapped[int | None]
    token_only: Mapped[bool] = mapped_column(default=False)
    action: Mapped[str]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("generations.id"))
    parent_picture: Mapped[int | None]
    state: Mapped[str]
    failure: Mapped[str | None]
    pending: Mapped[str | None]
    """A JSON object: the work that is left before the request can be queued."""
    lease_owner: Mapped[str | None]
    """The bot that looks after the request until `leased_until`."""
    leased_until: Mapped[datetime | None]
    delivered: Mapped[bool] = mapped_column(default=False)
    created: Mapped[datetime]
    seconds: Mapped[float | None]
    circumstances: Mapped[str | None]
    prompt: Mapped[str]
    typed_prompt: Mapped[str | None]
    """The prompt before its random choices were made, with its flags; null where it has none."""
    negative_prompt: Mapped[str]
    seed: Mapped[int]
    model: Mapped[str]
    width: Mapped[int]
    height: Mapped[int]
    steps: Mapped[int]
    guidance_scale: Mapped[float]
    sampler: Mapped[str]
    clip_skip: Mapped[int]
    count: Mapped[int]
    variation_seed: Mapped[int]
    variation_strength: Mapped[float]
    seed_width: Mapped[int]
    seed_height: Mapped[int]
    schedule: Mapped[str]
    guidance_rescale: Mapped[float]
    guidance_start: Mapped[float]
    guidance_end: Mapped[float]
    denoising_strength: Mapped[float]
    hires_factor: Mapped[float]
    hires_strength: Mapped[float]
    control_scale: Mapped[float]
    image_prompt_scale: Mapped[float]
    controls: Mapped[str | None]
    """A JSON list: what each control picture shows, and how it is weighed."""
    style_scale: Mapped[float] = mapped_column(default=1.0, server_default="1")
    step_cache: Mapped[bool] = mapped_column(default=True, server_default=true())
    tile: Mapped[bool] = mapped_column(default=False, server_default=false())
    faces: Mapped[bool] = mapped_column(default=False, server_default=false())
    faces_found: Mapped[int | None]
    image_file: Mapped[str | None]
    mask_file: Mapped[str | None]
    control_file: Mapped[str | None]
    image_prompt_file: Mapped[str | None]
    second_file: Mapped[str | None]
    third_file: Mapped[str | None]
    fourth_file: Mapped[str | None]
    second_control_file: Mapped[str | None]
    third_control_file: Mapped[str | None]
    style_image_file: Mapped[str | None]
    looks: Mapped[str | None]
    """A JSON list: the looks that some of these files are from."""
    source_file: Mapped[str | None]
    factor: Mapped[int] = mapped_column(default=1)
    upscaler: Mapped[str | None]
    cells: Mapped[str | None]
    """A JSON list: for each cell, what differs from the settings."""
    axes: Mapped[str | None]
    """A JSON list of pairs: a setting and its values."""
    charged: Mapped[int] = mapped_column(default=0)
    """Steps that count against budgets; a step of Heun counts twice."""
    hint_setting: Mapped[str | None]
    hint_usual: Mapped[str | None]
    ignored: Mapped[str | None]
    """A JSON list of pairs: what was ignored, and the words of it."""
    pictures: Mapped[list["PictureRow"]] = relationship(lazy="selectin", order_by="PictureRow.index")
    figures: Mapped[list["FigureRow"]] = relationship(
        lazy="selectin", order_by="FigureRow.index", cascade="all, delete-orphan"
    )


class FigureRow(Base):
    """A figure or an animation of a request."""

    __tablename__ = "figures"

    generation_id: Mapped[int] = mapped_column(ForeignKey("generations.id"), primary_key=True)
    index: Mapped[int] = mapped_column(primary_key=True)
    file: Mapped[str]


class PictureRow(Base):
    __tablename__ = "pictures"

    generation_id: Mapped[int] = mapped_column(ForeignKey("generations.id"), primary_key=True)
    index: Mapped[int] = mapped_column(primary_key=True)
    seed: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    file: Mapped[str | None]
    flagged: Mapped[bool] = mapped_column(default=False)


class PreferenceColumns:
    """The settings that a person can have defaults for. Null leaves one open."""

    width: Mapped[int | None]
    height: Mapped[int | None]
    negative_prompt: Mapped[str | None]
    steps: Mapped[int | None]
    guidance_scale: Mapped[float | None]
    sampler: Mapped[str | None]
    clip_skip: Mapped[int | None]
    count: Mapped[int | None]


class UserDefaultsRow(PreferenceColumns, Base):
    __tablename__ = "user_defaults"

    user_id: Mapped[int] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(primary_key=True)


class ServerRow(Base):
    """The settings of a whole server."""

    __tablename__ = "servers"

    guild_id: Mapped[int] = mapped_column(primary_key=True)
    paused: Mapped[bool] = mapped_column(default=False)
    nsfw: Mapped[str] = mapped_column(default="off")
    blocked_words: Mapped[str] = mapped_column(default="")
    """One word or phrase a line."""
    blocked_people: Mapped[str] = mapped_column(default="", server_default="")
    """One name a line."""
    log_channel_id: Mapped[int | None]
    hints: Mapped[bool] = mapped_column(default=True)
    gallery_channel_id: Mapped[int | None] = mapped_column(BigInteger)
    gallery_stars: Mapped[int] = mapped_column(default=GALLERY_STARS, server_default=str(GALLERY_STARS))


class ServerRuleRow(Base):
    """A rule for one setting. `scope_id` is the id of the server, a channel or a role."""

    __tablename__ = "server_rules"

    guild_id: Mapped[int] = mapped_column(primary_key=True)
    scope_id: Mapped[int] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(primary_key=True)
    setting: Mapped[str] = mapped_column(primary_key=True)
    default: Mapped[str | None]
    minimum: Mapped[float | None]
    maximum: Mapped[float | None]
    locked: Mapped[bool | None]


class ServerAllowedRow(Base):
    """An allowed model, channel or role. All are allowed of a kind without rows."""

    __tablename__ = "server_allowed"

    guild_id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)


class BlockedMemberRow(Base):
    """A member whom a server has blocked."""

    __tablename__ = "server_blocked_members"

    guild_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)


class LoraRoleRow(Base):
    """A role that may use a LoRA. Everybody may use a LoRA without rows. `lora` is in lower case."""

    __tablename__ = "server_lora_roles"

    guild_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    lora: Mapped[str] = mapped_column(primary_key=True)
    role_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)


class BlockedPictureRow(Base):
    """A picture that nobody may give on a server: its name for the server's managers, and its fingerprint."""

    __tablename__ = "server_blocked_pictures"

    guild_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]


class ServerTextRow(Base):
    """A style or a word list of a server. `name` is as `names.key` has it; a list has one entry a line."""

    __tablename__ = "server_texts"

    guild_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str]


class LookRow(Base):
    """A look. `guild_id` is 0 where it is its owner's alone; `key` is its name as `names.key` has it."""

    __tablename__ = "looks"
    __table_args__ = (UniqueConstraint("user_id", "guild_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInteger)
    guild_id: Mapped[int] = mapped_column(BigInteger, index=True)
    role_id: Mapped[int | None] = mapped_column(BigInteger)
    key: Mapped[str]
    name: Mapped[str]
    words: Mapped[str]
    lora: Mapped[str]
    pictures: Mapped[list["LookPictureRow"]] = relationship(lazy="selectin", order_by="LookPictureRow.index")


class LookPictureRow(Base):
    """A picture of a look."""

    __tablename__ = "look_pictures"

    look_id: Mapped[int] = mapped_column(ForeignKey("looks.id"), primary_key=True)
    index: Mapped[int] = mapped_column(primary_key=True)
    file: Mapped[str]
    fingerprint: Mapped[str]


class FavouriteRow(Base):
    __tablename__ = "favourites"

    user_id: Mapped[int] = mapped_column(primary_key=True)
    generation_id: Mapped[int] = mapped_column(ForeignKey("generations.id"), primary_key=True)
    created: Mapped[datetime]


class ReportRow(Base):
    """A picture that a person has reported to the moderators of its server."""

    __tablename__ = "reports"

    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    generation_id: Mapped[int] = mapped_column(ForeignKey("generations.id"), primary_key=True)


class GalleryPostRow(Base):
    """A request whose pictures are in the gallery of its server, or about to be. It stays where the request is
    forgotten meanwhile, until its message is known and removed."""

    __tablename__ = "gallery_posts"

    generation_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    channel_id: Mapped[int] = mapped_column(BigInteger)
    message_id: Mapped[int] = mapped_column(BigInteger, default=0)
    """0 until it is known."""


class StyleRow(Base):
    __tablename__ = "styles"

    user_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str]


class PersonalSettingsRow(Base):
    __tablename__ = "personal_settings"

    user_id: Mapped[int] = mapped_column(primary_key=True)
    suffix: Mapped[str] = mapped_column(default="")
    tell_when_done: Mapped[bool] = mapped_column(default=False)
    reply_when_done: Mapped[bool] = mapped_column(default=False)
    hints: Mapped[bool] = mapped_column(default=True)
    model: Mapped[str] = mapped_column(default="")
    gallery: Mapped[bool] = mapped_column(default=True, server_default=true())
    last_hint: Mapped[datetime | None]


class DraftRow(Base):
    """A request that waits for the person to confirm it."""

    __tablename__ = "drafts"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    """Never reused: old messages refer to it."""
    user_id: Mapped[int] = mapped_column(index=True)
    created: Mapped[datetime]
    request: Mapped[str]


class ForgottenChargeRow(Base):
    """The steps of a request that was forgotten with its person, kept while they count against budgets."""

    __tablename__ = "forgotten_charges"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(index=True)
    guild_id: Mapped[int | None]
    created: Mapped[datetime]
    charged: Mapped[int]


class RemovalRow(Base):
    """A file or a message that is yet to be removed."""

    __tablename__ = "removals"

    id: Mapped[int] = mapped_column(primary_key=True)
    file: Mapped[str | None]
    channel_id: Mapped[int | None]
    message_id: Mapped[int | None]


class PaceRow(Base):
    """Seconds that a row takes through a model's network with a worker, at a number of pixels."""

    __tablename__ = "paces"

    worker: Mapped[str] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(primary_key=True)
    pixels: Mapped[int] = mapped_column(primary_key=True)
    seconds: Mapped[float]
