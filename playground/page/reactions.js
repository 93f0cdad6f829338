/** The reactions of a message, and the emoji picker. */

import { h, icon } from "./dom.js";
import { openPopover } from "./popover.js";

/** The emoji of the picker. The first six are the quick reactions of the menu, the bot's own among them. */
const EMOJI = [
  ["🔁", "repeat"],
  ["🔎", "magnifier"],
  ["❌", "cross"],
  ["❤️", "heart"],
  ["✉️", "envelope"],
  ["👍", "thumbs up"],
  ["👎", "thumbs down"],
  ["😀", "grin"],
  ["😂", "joy"],
  ["😍", "in love"],
  ["🤩", "star-struck"],
  ["😎", "cool"],
  ["🤔", "thinking"],
  ["😮", "surprised"],
  ["😢", "sad"],
  ["😡", "angry"],
  ["🥳", "party"],
  ["🙏", "thanks"],
  ["👏", "applause"],
  ["🙌", "hooray"],
  ["👀", "eyes"],
  ["💯", "hundred"],
  ["🔥", "fire"],
  ["✨", "sparkles"],
  ["⭐", "star"],
  ["🎉", "tada"],
  ["🎨", "palette"],
  ["🖼️", "picture"],
  ["🦊", "fox"],
  ["🐱", "cat"],
  ["🐶", "dog"],
  ["🌈", "rainbow"],
  ["🌙", "moon"],
  ["☀️", "sun"],
  ["✅", "check"],
  ["❓", "question"],
];

export const QUICK_EMOJI = EMOJI.slice(0, 6).map(([emoji]) => emoji);

/** @param {object} message */
export function reactionsView(message) {
  const reactions = (message.reactions ?? []).filter((reaction) => reaction.count > 0);
  if (!reactions.length) return null;
  return h(
    "div",
    { class: "reactions", "data-key": "reactions" },
    reactions.map((reaction) =>
      h(
        "button",
        {
          type: "button",
          class: `reaction${reaction.me ? " mine" : ""}`,
          "data-act": "toggle-reaction",
          "data-emoji": reaction.emoji.name,
          "data-key": reaction.emoji.name,
          "aria-pressed": String(Boolean(reaction.me)),
          "aria-label": `${reaction.emoji.name}, ${reaction.count}, ${reaction.me ? "press to remove yours" : "press to add yours"}`,
        },
        h("span", { class: "emoji" }, reaction.emoji.name),
        h("span", { class: "reaction-count" }, reaction.count),
      ),
    ),
    h(
      "button",
      {
        type: "button",
        class: "reaction add",
        "data-act": "add-reaction",
        "data-key": "add",
        "aria-label": "Add reaction",
      },
      icon("smile"),
    ),
  );
}

/** Opens the emoji picker beside `anchor`. @param {(emoji: string) => void} onChoose */
export function openEmojiPicker(anchor, onChoose) {
  const grid = h("div", { class: "emoji-grid", role: "group", "aria-label": "Emoji" });
  const popover = openPopover(anchor, grid, { label: "Add reaction" });
  EMOJI.forEach(([emoji, name]) =>
    grid.append(
      h(
        "button",
        {
          type: "button",
          class: "emoji-choice",
          "data-emoji": emoji,
          "aria-label": name,
          title: name,
          on: {
            click: () => {
              popover.close();
              onChoose(emoji);
            },
          },
        },
        emoji,
      ),
    ),
  );
  grid.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 6, ArrowUp: -6 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [...grid.children];
    all[Math.max(0, Math.min(all.length - 1, all.indexOf(document.activeElement) + step))]?.focus();
  });
  popover.place();
  grid.firstChild.focus();
}
