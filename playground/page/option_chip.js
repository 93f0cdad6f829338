/** The chip of one option in the composer: its name and its input. */

import { Kind } from "./command_line.js";
import { h, icon } from "./dom.js";
import { bytes } from "./format.js";

const NUMERIC = new Set([Kind.integer, Kind.number]);

export class OptionChip {
  /** the picked item, valid while the text is still its label */
  #picked = null;
  problem = null;

  /**
   * @param {import("./command_line.js").Option} option
   * @param {{onInput: (chip: OptionChip) => void, onFocus: (chip: OptionChip) => void,
   *   onKey: (chip: OptionChip, event: KeyboardEvent) => void, onRemove: (chip: OptionChip) => void}} listeners
   */
  constructor(option, listeners) {
    this.option = option;
    this.listeners = listeners;
    this.isFile = option.type === Kind.attachment;
    this.input = this.isFile ? this.#fileInput() : this.#textInput();
    const remove =
      !option.required &&
      h(
        "button",
        {
          type: "button",
          class: "chip-remove",
          tabindex: "-1",
          "aria-label": `Remove ${option.name}`,
          on: { click: () => listeners.onRemove(this) },
        },
        icon("close"),
      );
    const body = this.isFile ? this.#fileBody() : this.#grow();
    this.element = h(
      "div",
      {
        class: `chip${this.isFile ? " file-chip" : ""}`,
        "data-chip": option.name,
        on: { mousedown: (event) => this.#focusFromName(event) },
      },
      h("span", { class: "chip-name" }, option.name),
      body,
      remove,
    );
    this.input.addEventListener("focus", () => listeners.onFocus(this));
    this.input.addEventListener("keydown", (event) => listeners.onKey(this, event));
  }

  get text() {
    return this.isFile ? (this.input.files[0]?.name ?? "") : this.input.value;
  }
  get file() {
    return this.isFile ? (this.input.files[0] ?? null) : null;
  }

  set text(text) {
    this.input.value = text;
    this.#sized();
  }

  /** The picked item, null when the text was typed. */
  get picked() {
    return this.#picked && this.#picked.label === this.text.trim() ? this.#picked : null;
  }

  /** @param {{label: string, value: any}} item */
  pick(item) {
    this.text = item.label;
    this.#picked = { label: item.label, value: item.value };
    this.mark(null);
  }

  /** @param {string | null} problem the error message */
  mark(problem) {
    this.problem = problem;
    this.element.classList.toggle("wrong", Boolean(problem));
    this.input.setAttribute("aria-invalid", String(Boolean(problem)));
  }

  focus() {
    this.input.focus();
    if (!this.isFile) this.input.setSelectionRange(this.text.length, this.text.length);
  }

  /** @param {File} file a dropped or pasted file */
  take(file) {
    const transfer = new DataTransfer();
    transfer.items.add(file);
    this.input.files = transfer.files;
    this.input.dispatchEvent(new Event("change"));
  }

  #focusFromName(event) {
    if (event.target === this.input || event.target.closest("button, label")) return;
    event.preventDefault();
    this.focus();
  }

  #textInput() {
    const { option } = this;
    const input = h("textarea", {
      class: "chip-input",
      rows: 1,
      "data-option": option.name,
      "aria-label": `${option.name}: ${option.description}`,
      autocomplete: "off",
      autocapitalize: "off",
      spellcheck: option.type === Kind.string && !option.choices ? "true" : "false",
      inputmode: NUMERIC.has(option.type) ? "decimal" : null,
    });
    input.addEventListener("input", () => {
      this.#sized();
      this.mark(null);
      this.listeners.onInput(this);
    });
    return input;
  }

  /** A box with a copy of the text below the text area; CSS makes the text area as large as the copy. */
  #grow() {
    this.box = h("span", { class: "chip-grow", "data-text": "" }, this.input);
    return this.box;
  }

  #sized() {
    if (this.box) this.box.dataset.text = this.input.value;
  }

  #fileInput() {
    const input = h("input", {
      type: "file",
      class: "chip-file",
      "data-option": this.option.name,
      "aria-label": `${this.option.name}: ${this.option.description}`,
    });
    input.addEventListener("change", () => {
      const [file] = input.files;
      this.fileName.textContent = file ? `${file.name} · ${bytes(file.size)}` : "Choose a file";
      this.mark(null);
      this.listeners.onInput(this);
    });
    return input;
  }

  #fileBody() {
    this.fileName = h("span", { class: "chip-file-name" }, "Choose a file");
    return h("label", { class: "chip-file-box" }, this.input, icon("upload"), this.fileName);
  }
}
