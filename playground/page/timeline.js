/** The messages of the shown channel. Follows the store and changes only the nodes that differ. */

import { h } from "./dom.js";
import { longDate, sameDay } from "./format.js";
import { isEphemeral, messageView, sentView } from "./message.js";
import { morph } from "./morph.js";
import { welcome } from "./welcome.js";

const TOGETHER_MS = 7 * 60 * 1000;
const NEAR_BOTTOM = 48;

export class Timeline {
  #rows = new Map();
  #channel = null;
  #stick = true;
  #scheduled = false;
  #top = 0;

  /** @param {import("./store.js").Store} store */
  constructor(store, { scroller, list, toLatest }) {
    Object.assign(this, { store, scroller, list, toLatest });
    scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    new ResizeObserver(() => this.#keepBottom()).observe(list);
    new ResizeObserver(() => this.#keepBottom()).observe(scroller);
    toLatest.addEventListener("click", () => this.toBottom());
    list.addEventListener("keydown", (event) => this.#moveFocus(event));
    for (const topic of ["messages", "places", "commands"]) store.on(topic, () => this.#schedule());
  }

  toBottom() {
    this.#stick = true;
    this.#keepBottom();
    this.toLatest.hidden = true;
  }

  /** Draws once for several changes at the same time. */
  #schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#draw();
    });
  }

  #draw() {
    const moved = this.#channel !== this.store.channel;
    if (moved) {
      this.#rows.clear();
      this.list.replaceChildren();
      this.#channel = this.store.channel;
    }
    const rows = this.#plan();
    const wanted = new Set(rows.map((row) => row.key));
    for (const [key, row] of this.#rows)
      if (!wanted.has(key)) {
        row.node.remove();
        this.#rows.delete(key);
      }
    const grown = rows.some((row) => !this.#rows.has(row.key));
    rows.forEach((row, index) => this.#put(row, index));
    this.#keepTabStop();
    if (moved) this.toBottom();
    else if (this.#stick) this.#keepBottom();
    else if (grown) this.toLatest.hidden = false;
  }

  /** The rows of the list: each with its key, the values that it depends on, and a function that draws it. */
  #plan() {
    const { store } = this;
    const rows = [
      { key: "welcome", parts: [store.channel, store.commands, store.channels, store.locale], draw: () => welcome(store) },
    ];
    let before = null;
    for (const message of store.messages()) {
      const date = new Date(message.timestamp);
      const newDay = before && !sameDay(new Date(before.timestamp), date);
      if (newDay) rows.push({ key: `day ${message.id}`, parts: [message.timestamp], draw: () => dayLine(date) });
      const compact = Boolean(before) && !newDay && continues(before, message);
      const local = [...store.busy, ...store.picked].filter((key) => String(key).startsWith(message.id)).join("|");
      rows.push({
        key: message.id,
        parts: [message, compact, local, store.faults.get(message.id)],
        draw: () => drawSafely(message, store, compact),
      });
      before = message;
    }
    for (const entry of store.sent) {
      if (entry.channel === store.channel)
        rows.push({ key: `sent ${entry.key}`, parts: [entry.problem], draw: () => sentView(entry, store) });
    }
    return rows;
  }

  #put(row, index) {
    const known = this.#rows.get(row.key);
    let node = known?.node;
    if (!known) node = row.draw();
    else if (known.parts.some((part, at) => part !== row.parts[at])) node = morph(known.node, row.draw());
    this.#rows.set(row.key, { parts: row.parts, node });
    if (this.list.childNodes[index] !== node) this.list.insertBefore(node, this.list.childNodes[index] ?? null);
  }

  /** Keeps one message in the tab order. The arrow keys move on from it. */
  #keepTabStop() {
    const messages = this.list.querySelectorAll(".message");
    if (!this.list.querySelector(".message[tabindex='0']"))
      messages[messages.length - 1]?.setAttribute("tabindex", "0");
  }

  #moveFocus(event) {
    const step = { ArrowUp: "previousElementSibling", ArrowDown: "nextElementSibling" }[event.key];
    if (!step || !event.target.classList.contains("message")) return;
    let next = event.target[step];
    while (next && !next.classList.contains("message")) next = next[step];
    if (!next) return;
    event.preventDefault();
    event.target.setAttribute("tabindex", "-1");
    next.setAttribute("tabindex", "0");
    next.focus();
  }

  /** Only scrolling up leaves the bottom: growing content causes scroll events too. */
  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    if (scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM) this.#stick = true;
    else if (scrollTop < this.#top) this.#stick = false;
    this.#top = scrollTop;
    if (this.#stick) this.toLatest.hidden = true;
  }

  #keepBottom() {
    if (this.#stick) this.scroller.scrollTop = this.scroller.scrollHeight;
  }
}

/** Whether a message continues the one before it: the same author, a short time later. */
function continues(before, message) {
  const alone =
    message.interaction_metadata || message.message_reference || isEphemeral(message) !== isEphemeral(before);
  return (
    !alone &&
    before.author?.id === message.author?.id &&
    new Date(message.timestamp) - new Date(before.timestamp) < TOGETHER_MS
  );
}

function dayLine(date) {
  return h("div", { class: "day", role: "separator" }, h("span", {}, longDate(date)));
}

/** Draws a message. If that fails, it shows an error in place of this message only. */
function drawSafely(message, store, compact) {
  try {
    return messageView(message, store, compact);
  } catch (error) {
    console.error("A message could not be drawn", message, error);
    return h(
      "div",
      { class: "message", "data-message-id": message.id, "data-key": message.id, role: "article", tabindex: "-1" },
      h("p", { class: "fault" }, "The page can't show this message."),
    );
  }
}
