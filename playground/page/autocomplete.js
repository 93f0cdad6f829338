/** Autocomplete: choices from the bot for one option, requested once typing pauses. */

const PAUSE_MS = 180;

export class Autocomplete {
  #current = null;
  #known = new Map();

  /** @param {import("./api.js").Api} api */
  constructor(api) {
    this.api = api;
  }

  /**
   * @param {{channel: string, path: string[], options: Object<string, any>, focused: string}} request
   * @returns {Promise<{label: string, value: any}[] | null>} null when a later request replaced this one
   */
  async choices(request) {
    this.stop();
    const controller = new AbortController();
    this.#current = controller;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    if (controller.signal.aborted) return null;
    try {
      const found = await this.api.autocomplete(request, controller.signal);
      if (controller.signal.aborted) return null;
      const items = found.map((choice) => ({ label: choice.name, value: choice.value }));
      const known = this.#known.get(request.focused) ?? new Map();
      items.forEach((item) => known.set(item.label.toLowerCase(), item.value));
      this.#known.set(request.focused, known);
      return items;
    } catch {
      return controller.signal.aborted ? null : [];
    }
  }

  stop() {
    this.#current?.abort();
  }

  /** The value of a choice that the bot has sent, by its name. */
  value(option, name) {
    return this.#known.get(option)?.get(name.trim().toLowerCase());
  }
}
