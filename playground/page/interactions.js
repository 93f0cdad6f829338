/** Sends interactions (commands, components, modals) and waits for the bot's response. */

import { Refused } from "./api.js";

const EARLY_RESPONSE_MS = 15000;

export class Interactions {
  #waiting = new Map();
  #early = new Map();

  /**
   * @param {import("./store.js").Store} store
   * @param {(modal: object, interactionId: string, channel: string) => void} openModal
   */
  constructor(store, openModal) {
    this.store = store;
    this.openModal = openModal;
  }

  /** Sends a command. The chat shows it until the bot responds, or with an error. `menu`: from a context menu. */
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

  /** Removes a failed command from the chat. */
  forget(key) {
    this.store.sent = this.store.sent.filter((each) => each.key !== key);
    this.store.changed("messages");
  }

  /** Uses a component. It is busy until the bot responds. */
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

  /** Submits a modal. @returns {Promise<string | null>} the error message */
  async modal(channel, send) {
    try {
      const { interaction_id: id } = await send();
      return await this.#outcome(id, channel);
    } catch (error) {
      if (error instanceof Refused) return error.message;
      throw error;
    }
  }

  /** Handles an `answer` or `failure` event. */
  take(kind, data) {
    if (data.message) this.store.putMessage(data.message);
    const id = data.interaction_id;
    const settle = this.#waiting.get(id);
    if (settle) {
      this.#waiting.delete(id);
      settle([kind, data]);
      return;
    }
    this.#early.set(id, [kind, data]);
    setTimeout(() => this.#early.delete(id), EARLY_RESPONSE_MS);
  }

  /** Fails everything that waits: responses sent while the connection was lost don't come again. */
  reconnected() {
    const data = { message: "The connection was lost before the bot responded." };
    for (const settle of this.#waiting.values()) settle(["failure", data]);
    this.#waiting.clear();
  }

  /** Waits for the bot's response. Its event may be here before the reply to our own request. */
  async #outcome(id, channel) {
    const [kind, data] = await new Promise((resolve) => {
      const early = this.#early.get(id);
      if (early) {
        this.#early.delete(id);
        resolve(early);
      } else this.#waiting.set(id, resolve);
    });
    if (kind === "failure") return data.message ?? "The application did not respond";
    if (data.modal) this.openModal(data.modal, id, channel);
    return null;
  }
}
