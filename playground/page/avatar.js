/** The avatar of a person or the bot. */

import { h } from "./dom.js";
import { initials } from "./format.js";

/**
 * @param {{id?: string, username?: string}} user
 * @param {import("./store.js").Store} store
 * @param {{small?: boolean, act?: string}} [how] `act` turns it into a button with this `data-act`
 */
export function avatar(user, store, { small = false, act = null } = {}) {
  const known = store.user(user.id);
  const bot = user.id === store.bot.id;
  const face = bot ? null : initials(user.username ?? "?");
  const attributes = {
    class: `avatar${small ? " small" : ""}${bot ? " bot" : ""}`,
    style: known?.color ? { "--avatar": known.color } : {},
    "data-key": "avatar",
  };
  if (!act) return h("span", { ...attributes, "aria-hidden": "true" }, face);
  return h(
    "button",
    {
      ...attributes,
      type: "button",
      tabindex: "-1",
      "data-act": act,
      "data-person": user.id,
      "aria-label": user.username ?? "person",
    },
    face,
  );
}
