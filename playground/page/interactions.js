/** From a person's act (command, button, modal) to what the bot made of it. */

import { Refused } from "./api.js";

const UNCLAIMED_MS = 15000;

export class Interactions {
  #waiting = new Map();
  #unclaimed = new Map();

  /** @param {import("./store.js").Store} store @param {(modal: object, interactionId: string, channel: string) => void} openModal */
  constructor(store, openModal) {
    this.store = store;
    this.openModal = openModal;
  }

  /** A command (a menu's has no slash): a line stands in the chat until its answer comes, or says that none came. */
  async command(name, send, menu = false) {
    const entry = {
      id: null,
      key: crypto.randomUUID?.() ?? String(Math.random()),
      channel: this.store.channel,
      label: menu ? name : `/${name}`,
      at: new Date(),
      problem: null,
    };
    const { interaction_id: id } = await send();
    entry.id = id;
    const answered = this.store.messages(entry.channel).some((message) => message.interaction_metadata?.id === id);
    if (!answered) this.store.sent.push(entry);
    this.store.changed("messages");
    const problem = await this.#outcome(id, entry.channel);
    entry.problem = problem;
    if (!problem) this.forget(entry.key);
    this.store.changed("messages");
  }

  /** Takes away the line of a command that failed. */
  forget(key) {
    this.store.sent = this.store.sent.filter((each) => each.key !== key);
    this.store.changed("messages");
  }

  /** A press on a component: it is busy until the bot answers. */
  async component(message, customId, send) {
    const { store } = this;
    const key = `${message.id}/${customId}`;
    if (store.busy.has(key)) return;
    store.busy.add(key);
    store.faults.delete(message.id);
    store.changed("messages");
    let problem = null;
    try {
      const { interaction_id: id } = await send();
      problem = await this.#outcome(id, message.channel_id);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      problem = error.message;
    }
    store.busy.delete(key);
    if (problem) store.faults.set(message.id, problem);
    store.changed("messages");
  }

  /** A modal's submit. @returns {Promise<string | null>} what went wrong */
  async modal(channel, send) {
    try {
      const { interaction_id: id } = await send();
      return await this.#outcome(id, channel);
    } catch (error) {
      if (error instanceof Refused) return error.message;
      throw error;
    }
  }

  /** Takes an `answer` or `failure` event. */
  take(kind, data) {
    if (data.message) this.store.putMessage(data.message);
    const id = data.interaction_id;
    const settle = this.#waiting.get(id);
    if (settle) {
      this.#waiting.delete(id);
      settle([kind, data]);
      return;
    }
    this.#unclaimed.set(id, [kind, data]);
    setTimeout(() => this.#unclaimed.delete(id), UNCLAIMED_MS);
  }

  /** After a broken connection: answers that passed unheard do not come again. */
  reconnected() {
    const data = { message: "The connection broke off before an answer came." };
    for (const settle of this.#waiting.values()) settle(["failure", data]);
    this.#waiting.clear();
  }

  /** Waits for the bot. The event may have overtaken the answer to our own request, so both orders are looked for. */
  async #outcome(id, channel) {
    const [kind, data] = await new Promise((resolve) => {
      const early = this.#unclaimed.get(id);
      if (early) {
        this.#unclaimed.delete(id);
        resolve(early);
      } else this.#waiting.set(id, resolve);
    });
    if (kind === "failure") return data.message ?? "The application did not respond";
    if (data.modal) this.openModal(data.modal, id, channel);
    return null;
  }
}
