/** The fields of a modal. Each has its DOM nodes, its value and its check. */

import { selectItems, Type } from "./components.js";
import { bytes } from "./format.js";
import { h, icon } from "./dom.js";
import { markdown } from "./markdown_view.js";
import { openSelectMenu } from "./select_menu.js";

const PARAGRAPH = 2;

/**
 * @typedef {{element: HTMLElement, customId: string | null, focus: () => void, check: () => boolean, value: () => any,
 *   files: () => Map<string, File>}} Field
 * @typedef {{control: HTMLElement, value: () => any, problem: () => string | null, focusable?: HTMLElement,
 *   files?: () => Map<string, File>}} Input
 */

/** @param {object[]} components @param {import("./store.js").Store} store @returns {Field[]} */
export function modalFields(components, store) {
  return components.flatMap((component) => {
    if (component.type === Type.row)
      return component.components.map((input) => field(input, { label: input.label }, store));
    if (component.type === Type.label) return [field(component.component, component, store)];
    if (component.type === Type.text) return [note(component, store)];
    return [field(component, { label: component.label ?? component.custom_id }, store)];
  });
}

function note(component, store) {
  const element = h("div", { class: "markdown" }, markdown(component.content, store));
  return { element, customId: null, focus() {}, check: () => true, value: () => null, files: () => new Map() };
}

function field(component, { label, description }, store) {
  const input = (INPUTS[component.type] ?? unknown)(component, store);
  const id = `field-${component.custom_id}`;
  const problem = h("p", { class: "fault", id: `${id}-problem`, hidden: true });
  const focusable = input.focusable ?? input.control;
  focusable.id = id;
  focusable.setAttribute("aria-describedby", problem.id);
  const required = component.required !== false && component.type !== Type.checkbox;
  const element = h(
    "div",
    { class: "field" },
    h(
      "label",
      { class: "field-label", for: id },
      label,
      required && h("span", { class: "field-required", title: "required" }, " *"),
    ),
    description && h("p", { class: "field-description" }, description),
    input.control,
    problem,
  );
  const say = (sentence) => {
    problem.textContent = sentence ?? "";
    problem.hidden = !sentence;
    focusable.setAttribute("aria-invalid", String(Boolean(sentence)));
  };
  element.addEventListener("input", () => say(null));
  return {
    element,
    customId: component.custom_id,
    focus: () => focusable.focus(),
    value: input.value,
    files: input.files ?? (() => new Map()),
    check() {
      const sentence = input.problem();
      say(sentence);
      return !sentence;
    },
  };
}

/** @type {Object<number, (component: object, store: object) => Input>} */
const INPUTS = {
  [Type.textInput]: textInput,
  [Type.stringSelect]: selectInput,
  [Type.userSelect]: selectInput,
  [Type.roleSelect]: selectInput,
  [Type.mentionableSelect]: selectInput,
  [Type.channelSelect]: selectInput,
  [Type.radioGroup]: (component) => choices(component, "radio"),
  [Type.checkboxGroup]: (component) => choices(component, "checkbox"),
  [Type.checkbox]: checkbox,
  [Type.fileUpload]: fileUpload,
};

function unknown(component) {
  return {
    control: h("p", { class: "md-small" }, `This page can't show fields of type ${component.type}.`),
    value: () => null,
    problem: () => null,
  };
}

function textInput(component) {
  const long = component.style === PARAGRAPH;
  const text = h(long ? "textarea" : "input", {
    class: "text",
    "data-custom-id": component.custom_id,
    placeholder: component.placeholder,
    rows: long ? 4 : null,
    type: long ? null : "text",
    autocomplete: "off",
  });
  text.value = component.value ?? "";
  const most = component.max_length ?? 4000;
  const least = component.min_length ?? 0;
  const count = h("span", { class: "text-count", "aria-hidden": "true" });
  const length = () => [...text.value].length;
  const recount = () => {
    count.textContent = component.max_length || length() > most * 0.9 ? `${length()} / ${most}` : "";
  };
  text.addEventListener("input", recount);
  recount();
  return {
    control: h("div", { class: "text-box" }, text, count),
    focusable: text,
    value: () => text.value,
    problem() {
      if (!text.value) return component.required === false ? null : "This field is required.";
      if (length() < least) return `Use at least ${least} characters.`;
      return length() > most ? `Use at most ${most} characters; you have ${length()}.` : null;
    },
  };
}

/** The error message for a wrong number of chosen values. */
function countProblem(chosen, component, mostByDefault) {
  const required = component.required !== false;
  if (!chosen && !required) return null;
  const least = component.min_values ?? (required ? 1 : 0);
  const most = component.max_values ?? mostByDefault;
  if (chosen < least) return least === 1 ? "Choose one." : `Choose at least ${least}.`;
  return chosen > most ? `Choose at most ${most}.` : null;
}

function selectInput(component, store) {
  const items = selectItems(component, store);
  let values = items.filter((item) => item.selected).map((item) => item.value);
  const shown = h("span", { class: "select-value" });
  const control = h(
    "button",
    {
      type: "button",
      class: "select",
      "data-custom-id": component.custom_id,
      "aria-haspopup": "listbox",
      on: {
        click: () =>
          openSelectMenu(control, {
            items,
            values,
            label: component.placeholder ?? "Make a selection",
            most: component.max_values ?? 1,
            least: component.required === false ? 0 : (component.min_values ?? 1),
            onDone: (chosen) => {
              values = chosen;
              redraw();
            },
          }),
      },
    },
    shown,
    icon("down"),
  );
  const redraw = () => {
    const names = items.filter((item) => values.includes(item.value)).map((item) => item.label);
    shown.textContent = names.join(", ") || (component.placeholder ?? "Make a selection");
    shown.classList.toggle("select-placeholder", !names.length);
  };
  redraw();
  return { control, value: () => values, problem: () => countProblem(values.length, component, 1) };
}

function choices(component, type) {
  const boxes = component.options.map((option) =>
    h("input", { type, name: `choice-${component.custom_id}`, value: option.value, checked: Boolean(option.default) }),
  );
  const control = h(
    "div",
    { class: "choices", role: type === "radio" ? "radiogroup" : "group", "data-custom-id": component.custom_id },
    component.options.map((option, index) =>
      h(
        "label",
        { class: "choice" },
        boxes[index],
        h(
          "span",
          {},
          h("span", {}, option.label),
          option.description && h("span", { class: "option-description" }, option.description),
        ),
      ),
    ),
  );
  const chosen = () => boxes.filter((box) => box.checked).map((box) => box.value);
  return {
    control,
    focusable: boxes[0],
    value: () => (type === "radio" ? (chosen()[0] ?? null) : chosen()),
    problem: () => countProblem(chosen().length, component, component.options.length),
  };
}

function checkbox(component) {
  const box = h("input", {
    type: "checkbox",
    checked: Boolean(component.default),
    "data-custom-id": component.custom_id,
  });
  return {
    control: h("label", { class: "choice" }, box, h("span", {}, "Yes")),
    focusable: box,
    value: () => box.checked,
    problem: () => null,
  };
}

function fileUpload(component) {
  const most = component.max_values ?? 1;
  const input = h("input", {
    type: "file",
    multiple: most > 1,
    "data-custom-id": component.custom_id,
    class: "file-input",
  });
  const names = h("p", { class: "field-description" });
  input.addEventListener("change", () => {
    names.textContent =
      input.files.length < 2 ? "" : [...input.files].map((file) => `${file.name} (${bytes(file.size)})`).join(", ");
  });
  const named = () => new Map([...input.files].map((file, index) => [`${component.custom_id}-${index}`, file]));
  return {
    control: h("div", {}, input, names),
    focusable: input,
    value: () => [...named().keys()],
    files: named,
    problem: () => countProblem(input.files.length, component, 1),
  };
}
