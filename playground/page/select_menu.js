/** The list of a select's options, in a message or a modal. */

import { h } from "./dom.js";
import { Listbox } from "./listbox.js";
import { openPopover } from "./popover.js";

/**
 * @param {HTMLElement} anchor
 * @param {{items: import("./listbox.js").Item[], values: string[], least: number, most: number, label: string,
 *   onDone: (values: string[]) => void}} how
 *   `onDone` is called once: after the choice, or on "Done" when several can be chosen
 */
export function openSelectMenu(anchor, { items, values, least, most, label, onDone }) {
  const chosen = new Set(values);
  const single = most === 1;
  const shown = () =>
    items.map((item) => ({ ...item, selected: chosen.has(item.value), trailing: chosen.has(item.value) ? "✓" : null }));
  const finish = () => {
    popover.close();
    onDone([...chosen]);
  };
  const choose = (item) => {
    if (single) {
      const same = chosen.has(item.value) && least === 0;
      chosen.clear();
      if (!same) chosen.add(item.value);
      finish();
      return;
    }
    if (chosen.has(item.value)) chosen.delete(item.value);
    else if (chosen.size < most) chosen.add(item.value);
    list.show(shown(), list.active);
    done.disabled = chosen.size < least;
  };
  const list = new Listbox({ label, multiple: !single, onChoose: choose });
  const done = h(
    "button",
    { type: "button", class: "button primary", disabled: chosen.size < least, on: { click: finish } },
    "Done",
  );
  const content = h(
    "div",
    { class: "select-menu" },
    list.element,
    !items.length && h("p", { class: "md-small" }, "There is nothing to choose from."),
    !single &&
      h(
        "div",
        { class: "select-foot" },
        h("span", {}, `Choose ${least === most ? most : `${least} to ${most}`}`),
        done,
      ),
  );
  const popover = openPopover(anchor, content, { label, width: Math.max(anchor.offsetWidth, 220) });
  list.show(
    shown(),
    Math.max(
      0,
      items.findIndex((item) => chosen.has(item.value)),
    ),
  );
  list.element.tabIndex = 0;
  const describe = () => list.element.setAttribute("aria-activedescendant", list.activeId ?? "");
  list.element.addEventListener("keydown", (event) => {
    if (list.key(event)) describe();
    else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      if (list.activeItem) choose(list.activeItem);
    }
  });
  popover.box.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Tab" || single) return;
      event.preventDefault();
      event.stopPropagation();
      (document.activeElement === done ? list.element : done).focus();
    },
    true,
  );
  describe();
  popover.place();
  list.element.focus();
}
