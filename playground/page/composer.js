/** The message box, for messages and slash commands. */

import { Refused } from "./api.js";
import { CommandForm } from "./command_form.js";
import { leavesOf, matchLeaves, namedCommand, readOptions, writeLine } from "./command_line.js";
import { acceptFiles } from "./composer_files.js";
import { Bars } from "./composer_bars.js";
import { fill, h, icon } from "./dom.js";
import { Panel } from "./panel.js";

const HISTORY_LINES = 50;

/** the type of a channel of direct messages */
const DIRECT = 1;

export class Composer {
  /** @type {CommandForm | null} */
  #form = null;
  #sending = false;
  /** the message that is replied to */
  #replied = null;
  #history = [];

  /**
   * @param {{dock: HTMLElement, store: import("./store.js").Store, api: import("./api.js").Api,
   *   interactions: import("./interactions.js").Interactions, onSent: () => void}} page
   */
  constructor(page) {
    Object.assign(this, page);
    this.panel = new Panel();
    this.text = h("textarea", {
      id: "composer",
      rows: 1,
      autocomplete: "off",
      "aria-label": "Message or command",
      enterkeyhint: "send",
    });
    this.place = h("div", { class: "composer-place" });
    this.bars = new Bars(this.store);
    this.send = h("button", { type: "submit", class: "send", "aria-label": "Send", title: "Send" }, icon("send"));
    this.row = h(
      "form",
      { class: "composer" },
      h(
        "div",
        { class: "composer-line" },
        this.place,
        h("span", { class: "composer-grow", "data-text": "" }, this.text),
      ),
      this.send,
    );
    const box = h("div", { class: "composer-box" }, this.panel.element, this.row);
    fill(this.dock, this.bars.above, box, this.bars.typing);
    this.row.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.row.addEventListener("focusout", (event) => {
      if (!this.row.contains(event.relatedTarget)) this.panel.hide();
    });
    this.row.addEventListener("click", (event) => {
      if (event.target === this.row || event.target.className === "composer-line") this.text.focus();
    });
    this.text.addEventListener("input", () => this.#typed());
    this.text.addEventListener("focus", () => this.#typed());
    this.text.addEventListener("keydown", (event) => this.#key(event));
    acceptFiles(this.row, () => this.#form);
    for (const topic of ["places", "connection"]) this.store.on(topic, () => this.#describe());
    this.store.on("commands", () => {
      if (!this.#form && this.text.value.startsWith("/")) this.#typed();
    });
  }

  get #leaves() {
    return leavesOf(this.store.commands, this.store.locale);
  }

  /** Focuses the message box, but not on touch screens, where the keyboard would cover half the page. */
  focus() {
    if (matchMedia("(hover: hover)").matches) this.#form ? this.#form.focusNext() : this.text.focus();
  }

  /** Replaces the text by this line, as if it was typed. */
  begin(line) {
    this.reset();
    this.#setText(line);
    this.text.focus();
    this.#typed();
  }

  /** Sends this line, as if it was typed and Enter pressed. */
  run(line) {
    this.begin(line);
    this.#submit();
  }

  /** Begins a reply to a message, which mentions the bot where it is the bot's: so the bot reads it. */
  replyTo(message) {
    this.reset();
    const { bot } = this.store;
    this.#replied = message;
    this.bars.reply(message.author?.username ?? bot.username, () => this.reset());
    if (message.author?.id === bot.id && this.store.here()?.type !== DIRECT) this.#setText(`@${bot.username} `);
    this.text.focus();
  }

  reset() {
    this.#replied = null;
    this.bars.reply(null);
    this.#form?.close();
    this.#form = null;
    this.row.classList.remove("with-command");
    this.#setText("");
    this.complain(null);
    this.panel.hide();
    this.#describe();
  }

  /** @param {string | null} sentence */
  complain(sentence) {
    this.bars.complain(sentence);
  }

  #setText(text) {
    this.text.value = text;
    this.text.parentElement.dataset.text = text;
  }

  #describe() {
    const { store } = this;
    const name = store.channelName(store.here());
    this.text.placeholder = this.#form
      ? ""
      : store.here()?.type === DIRECT
        ? `Message @${name}`
        : `Message #${name}, or type / for commands`;
  }

  #typed() {
    this.text.parentElement.dataset.text = this.text.value;
    this.complain(null);
    const line = this.text.value;
    if (line.startsWith("/")) this.#typedCommand(line);
    else if (this.#form) {
      if (!this.#form.takeName()) this.#form.listRest();
      else this.text.parentElement.dataset.text = "";
    } else this.panel.hide();
  }

  #typedCommand(line) {
    const named = namedCommand(line, this.#leaves);
    if (named && /^\s/.test(named.rest)) {
      this.#choose(named.leaf, readOptions(named.rest, named.leaf.options));
      return;
    }
    const found = matchLeaves(this.#leaves, line.slice(1));
    const items = found.map((leaf) => ({
      value: leaf.name,
      label: `/${leaf.name}`,
      description: leaf.description,
      leaf,
      trailing: leaf.options
        .filter((option) => option.required)
        .map((option) => option.name)
        .join(", "),
    }));
    const hint = items.length
      ? [h("b", {}, line.length > 1 ? "Commands that match" : "Commands")]
      : [`There is no command “${line}”.`];
    this.panel.show({ owner: this.text, items, hint, onChoose: (item) => this.#choose(item.leaf, []) });
  }

  #choose(leaf, values) {
    this.#form?.close();
    this.#setText("");
    this.#form = new CommandForm(leaf, {
      store: this.store,
      api: this.api,
      panel: this.panel,
      rest: this.text,
      onSend: () => this.#submit(),
      onLeave: () => {
        this.reset();
        this.text.focus();
      },
    });
    fill(this.place, this.#form.element);
    this.row.classList.add("with-command");
    this.#form.fillIn(values);
    this.#describe();
    this.panel.hide();
    this.#form.focusNext();
  }

  #key(event) {
    if (event.isComposing || this.panel.key(event)) return;
    const line = this.text.value;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      const exact = !this.#form && namedCommand(line.trim(), this.#leaves);
      if (exact && !exact.rest && !exact.leaf.options.some((option) => option.required)) {
        this.#choose(exact.leaf, []);
        this.#submit();
      } else if (!this.panel.chooseActive()) this.#submit();
    } else if (event.key === "Tab" && !event.shiftKey && line && this.panel.active) {
      event.preventDefault();
      this.panel.chooseActive();
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (this.panel.open) this.panel.hide();
      else this.reset();
    } else if (
      (event.key === "Backspace" || event.key === "ArrowLeft") &&
      this.#form &&
      !this.text.selectionStart &&
      !this.text.selectionEnd
    ) {
      event.preventDefault();
      if (this.#form.chips.length) this.#form.chips.at(-1).focus();
      else if (event.key === "Backspace") this.reset();
    } else if (event.key === "ArrowUp" && !line && !this.#form && this.#history.length) {
      event.preventDefault();
      this.begin(this.#history.at(-1));
    }
  }

  async #submit() {
    if (this.#sending) return;
    this.#sending = true;
    this.complain(null);
    try {
      if (this.#form) await this.#sendCommand(this.#form);
      else await this.#sendText(this.text.value.trim());
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.complain(error.message);
    } finally {
      this.#sending = false;
    }
  }

  async #sendText(content) {
    if (!content) return;
    if (content.startsWith("/")) {
      this.complain(`There is no command “${content.split(/\s/)[0]}”.`);
      return;
    }
    const { bot } = this.store;
    const sent = content.replaceAll(`@${bot.username}`, `<@${bot.id}>`);
    await this.api.say(this.store.channel, sent, this.#replied?.id);
    this.reset();
    this.onSent();
  }

  async #sendCommand(form) {
    const stray = this.text.value.trim();
    if (stray) return this.complain(`/${form.leaf.name} has no option “${stray.slice(0, 40)}”.`);
    const filled = form.values();
    if (!filled) return;
    const line = writeLine(form.leaf, form.texts());
    const sent = this.interactions.command(form.leaf.name, async () => {
      const accepted = await this.api.command(
        { channel: this.store.channel, path: form.leaf.path, options: filled.options },
        filled.files,
      );
      this.#history = [...this.#history, line].slice(-HISTORY_LINES);
      this.reset();
      this.text.focus();
      this.panel.hide();
      this.onSent();
      this.#sending = false;
      return accepted;
    });
    await sent;
  }
}
