/** The lines around the composer: an error, a reply, "the bot is offline", "the bot is typing". */

import { dots } from "./components.js";
import { fill, h, icon } from "./dom.js";

export class Bars {
  /** @param {import("./store.js").Store} store */
  constructor(store) {
    this.store = store;
    this.problem = h("p", { class: "composer-problem", role: "alert", hidden: true });
    this.offline = h("p", { class: "composer-offline", role: "status", hidden: true });
    this.replying = h("p", { class: "composer-reply", role: "status", hidden: true });
    this.above = [this.offline, this.problem, this.replying];
    this.typing = h("p", { class: "composer-status", "aria-live": "polite" });
    for (const topic of ["places", "connection"]) store.on(topic, () => this.#draw());
  }

  /** @param {string | null} sentence */
  complain(sentence) {
    this.problem.textContent = sentence ?? "";
    this.problem.hidden = !sentence;
  }

  /** Says that a reply is written, with a button that drops it. @param {string | null} name whom it is to */
  reply(name, onDrop) {
    this.replying.hidden = !name;
    if (!name) return fill(this.replying);
    const drop = h("button", { type: "button", "aria-label": "Don't reply", on: { click: onDrop } }, icon("close"));
    fill(this.replying, "Replying to ", h("b", {}, name), drop);
  }

  #draw() {
    const { bot, live } = this.store;
    this.offline.hidden = bot.online || !live;
    this.offline.textContent = `${bot.username} is offline. Commands and buttons work again when it's back.`;
    const typing = live && this.store.botIsTyping();
    if (typing === Boolean(this.typing.firstChild)) return;
    fill(this.typing, typing && [dots(), h("b", {}, bot.username), " is typing…"]);
  }
}
