/** The lines around the composer: an error, "the bot is offline", "the bot is typing". */

import { dots } from "./components.js";
import { fill, h } from "./dom.js";

export class Bars {
  /** @param {import("./store.js").Store} store */
  constructor(store) {
    this.store = store;
    this.problem = h("p", { class: "composer-problem", role: "alert", hidden: true });
    this.offline = h("p", { class: "composer-offline", role: "status", hidden: true });
    this.above = [this.offline, this.problem];
    this.typing = h("p", { class: "composer-status", "aria-live": "polite" });
    for (const topic of ["places", "connection"]) store.on(topic, () => this.#draw());
  }

  /** @param {string | null} sentence */
  complain(sentence) {
    this.problem.textContent = sentence ?? "";
    this.problem.hidden = !sentence;
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
