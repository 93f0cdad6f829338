/** A listbox for keyboard, mouse and touch. Key events may come from another element that keeps the focus. */

import { fill, h } from "./dom.js";

let count = 0;

/**
 * @typedef {{value: any, label: string, description?: string, leading?: string | Node, trailing?: string,
 *   selected?: boolean, group?: string}} Item
 */
export class Listbox {
  /** @type {Item[]} */
  items = [];
  active = -1;

  /** @param {{label: string, multiple?: boolean, onChoose: (item: Item) => void}} how */
  constructor({ label, multiple = false, onChoose }) {
    count += 1;
    this.id = `listbox-${count}`;
    this.onChoose = onChoose;
    this.element = h("div", {
      class: "listbox",
      id: this.id,
      role: "listbox",
      "aria-label": label,
      "aria-multiselectable": multiple ? "true" : null,
    });
    this.element.addEventListener("pointerdown", (event) => event.preventDefault());
    this.element.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.onChoose(this.items[Number(option.dataset.index)]);
    });
    this.element.addEventListener("pointermove", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.activate(Number(option.dataset.index), false);
    });
  }

  /** @param {Item[]} items @param {number} active the item that Enter chooses, -1 for none */
  show(items, active = 0) {
    this.items = items;
    let group = null;
    const rows = items.flatMap((item, index) => {
      const heading =
        item.group && item.group !== group
          ? [h("div", { class: "listbox-group", role: "presentation" }, item.group)]
          : [];
      group = item.group ?? group;
      return [...heading, this.#option(item, index)];
    });
    fill(this.element, rows);
    this.active = -1;
    this.activate(Math.min(active, items.length - 1));
    if (active <= 0) this.element.scrollTop = 0;
  }

  #option(item, index) {
    return h(
      "div",
      {
        class: "option",
        role: "option",
        id: `${this.id}-${index}`,
        "data-index": index,
        "data-value": item.value,
        "aria-selected": String(Boolean(item.selected)),
      },
      item.leading && h("span", { class: "option-leading" }, item.leading),
      h(
        "span",
        { class: "option-text" },
        h("span", { class: "option-label" }, item.label),
        item.description && h("span", { class: "option-description" }, item.description),
      ),
      item.trailing && h("span", { class: "option-trailing" }, item.trailing),
    );
  }

  activate(index, scroll = true) {
    const options = [...this.element.querySelectorAll("[role=option]")];
    options[this.active]?.classList.remove("active");
    this.active = index;
    options[index]?.classList.add("active");
    if (scroll) options[index]?.scrollIntoView({ block: "nearest" });
  }

  /** The DOM id of the active option, for `aria-activedescendant`. */
  get activeId() {
    return this.active >= 0 ? `${this.id}-${this.active}` : null;
  }

  /** @returns {Item | undefined} */
  get activeItem() {
    return this.items[this.active];
  }

  /** Handles a key. @returns {boolean} whether it was an arrow key */
  key(event) {
    if (!this.items.length) return false;
    const last = this.items.length - 1;
    if (event.key === "ArrowDown") this.activate(this.active >= last ? 0 : this.active + 1);
    else if (event.key === "ArrowUp") this.activate(this.active <= 0 ? last : this.active - 1);
    else return false;
    event.preventDefault();
    return true;
  }
}
