"""What INTERACTION_CREATE carries."""

from playground.errors import Json
from playground.state.interactions import Interaction
from playground.state.message import Message
from playground.state.messages import Messages
from playground.state.world import BOT_ID, World

_IN_GUILD, _IN_BOT_DM, _IN_PRIVATE_CHANNEL = 0, 1, 2


def interaction_payload(
    interaction: Interaction, data: Json, world: World, messages: Messages, source: Message | None, locale: str
) -> Json:
    """Discord's interaction object; `source` is the message whose component was used, `locale` the language that its
    person reads."""
    channel = world.channels[interaction.channel_id]
    user = world.users[interaction.user_id]
    permissions = str(world.permissions(user, channel))
    payload: Json = {
        "id": str(interaction.id),
        "application_id": str(BOT_ID),
        "type": interaction.kind,
        "token": interaction.token,
        "version": 1,
        "data": data,
        "channel_id": str(channel.id),
        "channel": world.channel_json(channel) | {"permissions": permissions},
        "app_permissions": str(world.permissions(world.bot, channel)),
        "locale": locale,
        "entitlements": [],
        "entitlement_sku_ids": [],
        "attachment_size_limit": world.file_limit,
    }
    owners = {"1": str(user.id)} if channel.is_outside else {"0": str(channel.guild_id or 0)}
    if channel.guild_id is None:
        payload |= {
            "user": user.to_json(),
            "context": _IN_BOT_DM if channel.is_dm else _IN_PRIVATE_CHANNEL,
            "authorizing_integration_owners": owners,
        }
    else:
        payload |= {
            "member": world.member_json(user) | {"permissions": permissions},
            "guild_id": str(channel.guild_id),
            "guild": {"id": str(channel.guild_id), "locale": "en-US", "features": []},
            "guild_locale": "en-US",
            "context": _IN_GUILD,
            "authorizing_integration_owners": owners,
        }
    if source is not None:
        payload["message"] = messages.to_json(source, BOT_ID)
    return payload
