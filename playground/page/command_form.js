/** The command form in the composer: a chip for each option. */

import { chipKey } from "./chip_keys.js";
import { h } from "./dom.js";
import { fixedSuggestions, kindHint, readValue } from "./option_values.js";
import { OptionChip } from "./option_chip.js";
import { Autocomplete } from "./autocomplete.js";

export class CommandForm {
  /** @type {OptionChip[]} */
  chips = [];

  /**
   * @param {import("./command_line.js").Leaf} leaf
   * @param {{store: import("./store.js").Store, api: import("./api.js").Api,
   *   panel: import("./panel.js").Panel, rest: HTMLTextAreaElement, onSend: () => void, onLeave: () => void}} page `rest` is the text area after the chips
   */
  constructor(leaf, page) {
    Object.assign(this, page);
    this.leaf = leaf;
    this.autocomplete = new Autocomplete(page.api);
    this.more = h("button", {
      type: "button",
      class: "more-options",
      on: {
        click: () => {
          this.rest.focus();
          this.listRest();
        },
      },
    });
    this.element = h(
      "div",
      { class: "command-form" },
      h("span", { class: "command-name", title: leaf.description }, `/${leaf.name}`),
      this.more,
    );
    leaf.options.filter((option) => option.required).forEach((option) => this.#add(option));
    this.#updateMore();
  }

  /** @param {[string, string][]} values option names and texts, as typed */
  fillIn(values) {
    for (const [name, text] of values) {
      const option = this.leaf.options.find((each) => each.name === name);
      const chip = this.chip(name) ?? this.#add(option);
      if (!chip.isFile) chip.text = text;
    }
    this.#updateMore();
  }

  chip(name) {
    return this.chips.find((chip) => chip.option.name === name);
  }

  /** The options without a chip. */
  get unused() {
    return this.leaf.options.filter((option) => !this.chip(option.name));
  }

  /** Focuses the next empty required option. */
  focusNext() {
    const empty = this.chips.find((chip) => chip.option.required && !chip.text);
    if (empty) empty.focus();
    else if (this.chips.length) this.chips.at(-1).focus();
    else this.rest.focus();
  }

  addOption(option) {
    const chip = this.#add(option);
    this.#updateMore();
    chip.focus();
    return chip;
  }

  /** Lists the options that can be added and match the text after the chips. */
  listRest() {
    const typed = this.rest.value.trim().toLowerCase();
    const items = this.unused
      .filter((option) => option.name.includes(typed))
      .map((option) => ({
        value: option.name,
        label: option.name,
        description: option.description,
        trailing: option.required ? "required" : kindHint(option),
        option,
      }));
    this.panel.show({
      owner: this.rest,
      items,
      active: typed ? 0 : -1,
      onChoose: (item) => {
        this.rest.value = "";
        this.addOption(item.option);
      },
      hint: items.length ? [h("b", {}, "More options"), " of ", h("code", {}, `/${this.leaf.name}`)] : [],
    });
  }

  /** Turns `name:` typed after the chips into a chip. @returns {boolean} whether it names an option */
  takeName() {
    const [, name, text] = /^\s*([^\s:]+):([\s\S]*)$/.exec(this.rest.value) ?? [];
    const option = this.unused.find((each) => each.name === name?.toLowerCase());
    if (!option) return false;
    this.rest.value = "";
    const chip = this.addOption(option);
    if (!chip.isFile) chip.text = text.trimStart();
    return true;
  }

  /** The values of all options. Null when some are invalid; their chips are marked. */
  values() {
    const options = {};
    const files = new Map();
    let first = null;
    for (const chip of this.chips) {
      const { value, problem } = this.#read(chip);
      chip.mark(problem ?? null);
      if (problem) first ??= chip;
      else if (chip.file) {
        options[chip.option.key] = chip.option.key;
        files.set(chip.option.key, chip.file);
      } else if (value !== undefined) options[chip.option.key] = value;
    }
    if (!first) return { options, files };
    first.focus();
    this.#describe(first);
    return null;
  }

  /** The texts as typed, for the history. */
  texts() {
    return Object.fromEntries(
      this.chips.filter((chip) => chip.text && !chip.isFile).map((chip) => [chip.option.name, chip.text]),
    );
  }

  close() {
    this.autocomplete.stop();
    this.element.remove();
  }

  #read(chip) {
    if (chip.isFile) return chip.option.required && !chip.file ? { problem: "Choose a file." } : {};
    if (chip.picked) return { value: chip.picked.value };
    const suggested = this.autocomplete.value(chip.option.key, chip.text);
    return suggested !== undefined ? { value: suggested } : readValue(chip.option, chip.text, this.store);
  }

  #add(option) {
    const chip = new OptionChip(option, {
      onInput: (each) => this.#typed(each),
      onFocus: (each) => this.#describe(each),
      onKey: (each, event) => chipKey(this, each, event),
      onRemove: (each) => this.remove(each),
    });
    this.chips.push(chip);
    this.element.insertBefore(chip.element, this.more);
    return chip;
  }

  /** Removes an option. */
  remove(chip) {
    const at = this.chips.indexOf(chip);
    this.chips.splice(at, 1);
    chip.element.remove();
    this.#updateMore();
    (this.chips[at - 1] ?? this.chips[0] ?? this.rest).focus();
  }

  #updateMore() {
    const count = this.unused.length;
    this.more.hidden = !count;
    this.more.textContent = `+${count} more`;
    this.more.setAttribute("aria-label", `${count} more options`);
  }

  /** Typing `steps:` in another option's text moves on to the option `steps`. */
  #typed(chip) {
    const [, before, name] = /^([\s\S]*?)(?:^|\s)([^\s:]+):$/.exec(chip.text) ?? [];
    if (name?.toLowerCase() === chip.option.name && !before) chip.text = "";
    else if (name && !chip.isFile) {
      const option = this.leaf.options.find((each) => each.name === name.toLowerCase() && each !== chip.option);
      const there = option && this.chip(option.name);
      if (option && !there?.text) {
        chip.text = before.trimEnd();
        if (there) there.focus();
        else this.addOption(option);
        return;
      }
    }
    this.#describe(chip);
  }

  /** Shows the description of the chip's option and the values to pick from. */
  #describe(chip) {
    const { option } = chip;
    const note = chip.problem
      ? h("span", { class: "fault", role: "alert" }, chip.problem)
      : h("span", { class: "panel-kind" }, kindHint(option));
    const hint = [h("b", {}, option.name), h("span", { class: "panel-description" }, option.description), note];
    const show = (items, active) =>
      this.panel.show({ owner: chip.input, hint, items, active, onChoose: (item) => this.#pick(chip, item) });
    if (chip.picked && !option.autocomplete) {
      show([], -1);
      return;
    }
    const items = fixedSuggestions(option, chip.text, this.store);
    const exact = items.some((item) => item.label.toLowerCase() === chip.text.trim().toLowerCase());
    show(
      items.map((item) => ({ ...item, selected: item.label === chip.text.trim() })),
      chip.text.trim() && !exact ? 0 : -1,
    );
    if (option.autocomplete) this.#suggest(chip, show);
  }

  async #suggest(chip, show) {
    const values = this.chips
      .filter((each) => each !== chip && !each.isFile)
      .map((each) => [each.option.key, this.#read(each).value]);
    const options = Object.fromEntries([
      ...values.filter(([, value]) => value !== undefined),
      [chip.option.key, chip.text],
    ]);
    const items = await this.autocomplete.choices({
      channel: this.store.channel,
      path: this.leaf.path,
      options,
      focused: chip.option.key,
    });
    if (items && document.activeElement === chip.input && !chip.picked) show(items, -1);
  }

  #pick(chip, item) {
    chip.pick(item);
    this.autocomplete.stop();
    const empty = this.chips.find((each) => each.option.required && !each.text);
    if (empty) empty.focus();
    else {
      chip.focus();
      this.#describe(chip);
    }
  }
}
