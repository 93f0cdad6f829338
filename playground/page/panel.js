/** The box above the composer: an option's description and the items to choose from. */

import { fill, h } from "./dom.js";
import { Listbox } from "./listbox.js";

export class Panel {
  #choose = () => {};
  #owner = null;

  constructor() {
    this.listbox = new Listbox({ label: "Suggestions", onChoose: (item) => this.#choose(item) });
    this.hint = h("div", { class: "panel-hint" });
    this.element = h("div", { class: "panel", hidden: true }, this.hint, this.listbox.element);
  }

  /**
   * @param {{owner: HTMLElement, hint?: Node[], items?: import("./listbox.js").Item[], active?: number,
   *   onChoose?: (item: import("./listbox.js").Item) => void}} what `owner` keeps the focus; `active` -1 for none
   */
  show({ owner, hint = [], items = [], active = 0, onChoose = () => {} }) {
    this.#release();
    this.#owner = owner;
    this.#choose = onChoose;
    fill(this.hint, hint);
    this.hint.hidden = !hint.length;
    this.listbox.show(items, active);
    this.listbox.element.hidden = !items.length;
    this.element.hidden = !hint.length && !items.length;
    this.#describe();
  }

  hide() {
    this.#release();
    this.listbox.show([]);
    this.element.hidden = true;
  }

  get open() {
    return !this.element.hidden;
  }
  get listed() {
    return this.listbox.items.length > 0 && this.open;
  }
  get active() {
    return this.listed ? this.listbox.activeItem : undefined;
  }

  /** Chooses the active item. @returns {boolean} whether there was one */
  chooseActive() {
    if (!this.active) return false;
    this.#choose(this.active);
    return true;
  }

  /** Handles a key. @returns {boolean} whether it was an arrow key */
  key(event) {
    const taken = this.open && this.listbox.key(event);
    if (taken) this.#describe();
    return taken;
  }

  #describe() {
    const owner = this.#owner;
    if (!owner) return;
    owner.setAttribute("aria-autocomplete", "list");
    owner.setAttribute("aria-haspopup", "listbox");
    owner.setAttribute("aria-controls", this.listbox.id);
    if (this.listed && this.listbox.activeId) owner.setAttribute("aria-activedescendant", this.listbox.activeId);
    else owner.removeAttribute("aria-activedescendant");
  }

  #release() {
    this.#owner?.removeAttribute("aria-activedescendant");
    this.#owner = null;
  }
}
