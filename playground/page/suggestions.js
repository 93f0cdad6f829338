/** Live suggestions of the bot for one option, asked for once typing pauses. */

const PAUSE_MS = 180;

export class Suggestions {
  #asking = null;
  #known = new Map();

  /** @param {import("./api.js").Api} api */
  constructor(api) {
    this.api = api;
  }

  /**
   * @param {{channel: string, path: string[], options: Object<string, any>, focused: string}} question
   * @returns {Promise<{label: string, value: any}[] | null>} null where a later question took this one's place
   */
  async ask(question) {
    this.stop();
    const asking = new AbortController();
    this.#asking = asking;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    if (asking.signal.aborted) return null;
    try {
      const choices = await this.api.autocomplete(question, asking.signal);
      if (asking.signal.aborted) return null;
      const items = choices.map((choice) => ({ label: choice.name, value: choice.value }));
      const known = this.#known.get(question.focused) ?? new Map();
      items.forEach((item) => known.set(item.label.toLowerCase(), item.value));
      this.#known.set(question.focused, known);
      return items;
    } catch {
      return asking.signal.aborted ? null : [];
    }
  }

  stop() {
    this.#asking?.abort();
  }

  /** The value behind a name the bot once suggested. */
  value(option, name) {
    return this.#known.get(option)?.get(name.trim().toLowerCase());
  }
}
