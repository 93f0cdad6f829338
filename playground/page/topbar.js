/** The bar above the messages: the channel's name and the bot's status. */

import { fill, h, icon } from "./dom.js";
import { dots } from "./components.js";

/**
 * @param {{element: HTMLElement, connection: HTMLElement, store: import("./store.js").Store,
 *   onMenu: () => void}} page
 */
export function mountTopbar({ element, connection, store, onMenu }) {
  const draw = () => {
    const channel = store.here();
    const direct = channel?.type === 1;
    const online = store.bot.online && store.live;
    const burger = h(
      "button",
      {
        type: "button",
        class: "plain burger",
        "aria-label": "Channels and people",
        "aria-controls": "sidebar",
        on: { click: onMenu },
      },
      icon("menu"),
      store.unread.size > 0 && h("span", { class: "unread-dot" }),
    );
    fill(
      element,
      burger,
      icon(direct ? "at" : "hash"),
      h("strong", { class: "topbar-name" }, store.channelName(channel)),
      channel?.nsfw && h("span", { class: "badge quiet" }, "18+"),
      store.bot.username &&
        h(
          "span",
          { class: `bot-state${online ? " online" : ""}` },
          h("i"),
          `${store.bot.username} is ${online ? "online" : store.live ? "offline" : "away"}`,
        ),
    );
    document.title = channel
      ? `${direct ? "@" : "#"}${store.channelName(channel)} · ${store.guild.name}`
      : "Noisefox playground";
  };
  const state = () => {
    connection.hidden = store.live;
    fill(connection, "Reconnecting", dots());
    draw();
  };
  store.on("places", draw);
  store.on("connection", state);
}
