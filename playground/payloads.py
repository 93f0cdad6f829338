"""What INTERACTION_CREATE carries."""

from playground.attachments import FILE_LIMIT
from playground.errors import Json
from playground.interactions import Interaction
from playground.message import Message
from playground.messages import Messages
from playground.world import BOT_ID, GUILD_ID, World

_IN_GUILD, _IN_BOT_DM = 0, 1


def interaction_payload(
    interaction: Interaction, data: Json, world: World, messages: Messages, source: Message | None
) -> Json:
    """Discord's interaction object; `source` is the message whose component was used."""
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
        "locale": "en-US",
        "entitlements": [],
        "entitlement_sku_ids": [],
        "attachment_size_limit": FILE_LIMIT,
    }
    if channel.is_dm:
        payload |= {
            "user": user.to_json(),
            "context": _IN_BOT_DM,
            "authorizing_integration_owners": {"0": "0"},
        }
    else:
        payload |= {
            "member": world.member_json(user) | {"permissions": permissions},
            "guild_id": str(GUILD_ID),
            "guild": {"id": str(GUILD_ID), "locale": "en-US", "features": []},
            "guild_locale": "en-US",
            "context": _IN_GUILD,
            "authorizing_integration_owners": {"0": str(GUILD_ID)},
        }
    if source is not None:
        payload["message"] = messages.to_json(source, BOT_ID)
    return payload
