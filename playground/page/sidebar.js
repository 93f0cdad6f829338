/** The sidebar: channels, direct messages, users and language. */

import { avatar } from "./avatar.js";
import { fill, h, icon } from "./dom.js";
import { LOCALES } from "./localization.js";

/**
 * @param {{element: HTMLElement, store: import("./store.js").Store, onChannel: (id: string) => void,
 *   onUser: (id: string) => void, onNewDirect: () => void, onLocale: (locale: string) => void}} page
 */
export function mountSidebar({ element, store, onChannel, onUser, onNewDirect, onLocale }) {
  element.addEventListener("click", (event) => {
    const channel = event.target.closest("[data-channel]");
    const user = event.target.closest("[data-user]");
    if (event.target.closest("[data-new-dm]")) onNewDirect();
    if (channel) onChannel(channel.dataset.channel);
    if (user) onUser(user.dataset.user);
  });
  element.addEventListener("change", (event) => {
    if (event.target.matches("[data-locale]")) onLocale(event.target.value);
  });
  element.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const all = [...element.querySelectorAll("[data-user]")];
    const at = all.indexOf(document.activeElement);
    if (step && at >= 0) all[(at + step + all.length) % all.length].focus();
  });
  const draw = () => {
    const focused = document.activeElement?.closest?.("[data-channel], [data-user]");
    const again =
      focused &&
      (focused.dataset.channel
        ? `[data-channel="${focused.dataset.channel}"]`
        : `[data-user="${focused.dataset.user}"]`);
    fill(element, header(store), lists(store), people(store));
    if (again) element.querySelector(again)?.focus();
  };
  store.on("places", draw);
}

function header(store) {
  return h(
    "div",
    { class: "guild" },
    h("img", { src: "/assets/fox.svg", alt: "", width: 32, height: 32 }),
    h("strong", {}, store.guild.name || "Playground"),
  );
}

function lists(store) {
  const inGuild = store.channels.filter((channel) => channel.type !== 1 && !channel.outside);
  const outside = store.channels.filter((channel) => channel.outside);
  const direct = store.channels.filter((channel) => channel.type === 1);
  return h(
    "div",
    { class: "channels" },
    h("h2", {}, "Channels"),
    h(
      "ul",
      {},
      inGuild.map((channel) => entry(channel, store)),
    ),
    h("h2", {}, "Direct messages"),
    h("ul", {}, direct.length ? direct.map((channel) => entry(channel, store)) : newDirect(store)),
    outside.length > 0 && h("h2", { title: `${store.bot.username} isn't a member there. People use it as an app they have installed.` }, "Elsewhere"),
    h(
      "ul",
      {},
      outside.map((channel) => entry(channel, store)),
    ),
  );
}

function newDirect(store) {
  return h(
    "li",
    {},
    h(
      "button",
      { type: "button", class: "channel", "data-new-dm": true },
      avatar(store.bot, store, { small: true }),
      h("span", { class: "channel-name" }, store.bot.username),
    ),
  );
}

function entry(channel, store) {
  const here = channel.id === store.channel;
  const unread = store.unread.has(channel.id);
  const name = store.channelName(channel);
  return h(
    "li",
    {},
    h(
      "button",
      {
        type: "button",
        class: `channel${here ? " here" : ""}${unread ? " unread" : ""}${channel.parent ? " thread" : ""}`,
        "data-channel": channel.id,
        "data-name": name,
        "aria-current": here ? "page" : null,
      },
      channel.type === 1 ? avatar(store.bot, store, { small: true }) : icon("hash"),
      h("span", { class: "channel-name" }, name),
      channel.nsfw && h("span", { class: "badge quiet", title: "Age-restricted" }, "18+"),
      unread && h("span", { class: "unread-dot" }, h("span", { class: "visually-hidden" }, "new messages")),
    ),
  );
}

function people(store) {
  const me = store.person();
  return h(
    "div",
    { class: "people" },
    h(
      "p",
      { class: "people-title", id: "people-title" },
      "You are ",
      h("b", {}, me?.username ?? "nobody"),
      me?.admin && me.username !== "admin" && h("span", { class: "badge quiet" }, "admin"),
    ),
    h(
      "div",
      { class: "people-switch", role: "radiogroup", "aria-labelledby": "people-title" },
      store.users.map((user) =>
        h(
          "button",
          {
            type: "button",
            class: "person",
            role: "radio",
            "aria-checked": String(user.id === store.me),
            tabindex: user.id === store.me ? "0" : "-1",
            "data-user": user.id,
            "data-name": user.username,
            title: `Act as ${user.username}`,
            "aria-label": user.username,
          },
          avatar(user, store),
        ),
      ),
    ),
    language(store),
  );
}

function language(store) {
  return h(
    "label",
    { class: "language" },
    "Language ",
    h(
      "select",
      { "data-locale": true },
      Object.entries(LOCALES).map(([locale, name]) =>
        h("option", { value: locale, selected: locale === store.locale, lang: locale }, name),
      ),
    ),
  );
}
