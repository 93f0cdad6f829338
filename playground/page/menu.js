/** Context menus of messages and users. */

import { h, icon } from "./dom.js";
import { nameIn } from "./localization.js";
import { isEphemeral } from "./message.js";
import { openPopover } from "./popover.js";
import { openEmojiPicker, QUICK_EMOJI } from "./reactions.js";

const APPS = "Apps";
const LAST = "Last";

/**
 * @param {Element | {x: number, y: number}} anchor
 * @param {{label: string, icon?: string, danger?: boolean, run: () => void, group?: string}[]} items
 * @param {Node | null} [head]
 */
function openMenu(anchor, items, head = null) {
  const menu = h("div", { class: "menu", role: "menu" });
  const popover = openPopover(anchor, menu, { label: "Menu", className: "menu-box" });
  let group = null;
  if (head) menu.append(head);
  for (const item of items) {
    if (item.group !== group && menu.hasChildNodes()) menu.append(h("div", { class: "menu-line" }));
    if (item.group !== group && item.group === APPS) menu.append(h("div", { class: "menu-group" }, APPS));
    group = item.group;
    menu.append(
      h(
        "button",
        {
          type: "button",
          role: "menuitem",
          class: item.danger ? "danger" : null,
          on: {
            click: () => {
              popover.close();
              item.run();
            },
          },
        },
        h("span", {}, item.label),
        item.icon && icon(item.icon),
      ),
    );
  }
  menu.addEventListener("keydown", (event) => {
    const all = [...menu.querySelectorAll("button")];
    const at = all.indexOf(document.activeElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    all[(next + all.length) % all.length].focus();
  });
  popover.place();
  menu.querySelector(":scope > [role=menuitem]")?.focus({ preventScroll: true });
  return popover;
}

/** @param {{store: import("./store.js").Store, actions: import("./message_actions.js").MessageActions}} page */
export function openMessageMenu(anchor, message, { store, actions }) {
  const ephemeral = isEphemeral(message);
  const deletable = message.author?.id === store.me || store.person()?.admin || ephemeral;
  const react = (emoji) => actions.react(message, emoji, true);
  const apps = store.commands.filter((command) => command.type === 3);
  const items = [
    !ephemeral && { label: "Reply", icon: "reply", run: () => actions.reply(message) },
    !ephemeral && { label: "Add reaction", icon: "smile", run: () => openEmojiPicker(anchor, react) },
    ...apps.map((command) => ({
      label: nameIn(command, store.locale),
      icon: "app",
      group: APPS,
      run: () => actions.menuCommand(command, message.id),
    })),
    message.content && { label: "Copy text", icon: "copy", group: LAST, run: () => copy(message.content) },
    { label: "Copy message ID", icon: "copy", group: LAST, run: () => copy(message.id) },
    deletable && {
      label: ephemeral ? "Dismiss" : "Delete",
      icon: "trash",
      danger: true,
      group: LAST,
      run: () => actions.remove(message),
    },
  ].filter(Boolean);
  const quick = ephemeral ? null : h("div", { class: "menu-quick", role: "group", "aria-label": "React" });
  const popover = openMenu(anchor, items, quick);
  for (const emoji of quick ? QUICK_EMOJI : []) {
    quick.append(
      h(
        "button",
        {
          type: "button",
          role: "menuitem",
          class: "emoji-choice",
          "data-emoji": emoji,
          "aria-label": `React with ${emoji}`,
          on: {
            click: () => {
              popover.close();
              react(emoji);
            },
          },
        },
        emoji,
      ),
    );
  }
  popover.place();
}

export function openPersonMenu(anchor, userId, { store, actions }) {
  const apps = store.commands.filter((command) => command.type === 2);
  openMenu(anchor, [
    ...apps.map((command) => ({
      label: nameIn(command, store.locale),
      icon: "app",
      group: APPS,
      run: () => actions.menuCommand(command, userId),
    })),
    { label: "Copy user ID", icon: "copy", group: LAST, run: () => copy(userId) },
  ]);
}

/** Copies a text, or shows it for copying: browsers allow the clipboard only on localhost and over HTTPS. */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    prompt("Copy this:", text);
  }
}
