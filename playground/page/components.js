/** Message components, with and without Components V2, as DOM nodes. message_actions.js handles presses. */

import { h, icon } from "./dom.js";
import { galleryGrid } from "./gallery.js";
import { markdown } from "./markdown_view.js";
import { fileName, fileRow, picture } from "./media.js";

export const Type = {
  row: 1,
  button: 2,
  stringSelect: 3,
  textInput: 4,
  userSelect: 5,
  roleSelect: 6,
  mentionableSelect: 7,
  channelSelect: 8,
  section: 9,
  text: 10,
  thumbnail: 11,
  gallery: 12,
  file: 13,
  separator: 14,
  container: 17,
  label: 18,
  fileUpload: 19,
  radioGroup: 21,
  checkboxGroup: 22,
  checkbox: 23,
};

const LINK = 5;
const BUTTON_STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", [LINK]: "link" };

/** @param {{message: object, store: import("./store.js").Store}} context */
export function componentsView(components, context) {
  return (components ?? []).map((component) => componentView(component, context));
}

function componentView(component, context) {
  const view = VIEWS[component.type];
  return view
    ? view(component, context)
    : h("p", { class: "md-small" }, `This page can't show components of type ${component.type}.`);
}

const VIEWS = {
  [Type.row]: (row, context) => h("div", { class: "row" }, componentsView(row.components, context)),
  [Type.button]: button,
  [Type.stringSelect]: select,
  [Type.userSelect]: select,
  [Type.roleSelect]: select,
  [Type.mentionableSelect]: select,
  [Type.channelSelect]: select,
  [Type.section]: (section, context) =>
    h(
      "div",
      { class: "section" },
      h("div", { class: "section-text" }, componentsView(section.components, context)),
      section.accessory && h("div", { class: "section-accessory" }, componentView(section.accessory, context)),
    ),
  [Type.text]: (text, { store }) => h("div", { class: "markdown" }, markdown(text.content, store)),
  [Type.thumbnail]: (thumbnail) =>
    picture(
      { ...thumbnail.media, description: thumbnail.description, spoiler: thumbnail.spoiler },
      { key: "thumbnail", className: "thumbnail" },
    ),
  [Type.gallery]: (gallery) =>
    galleryGrid(gallery.items.map((item) => ({ ...item.media, description: item.description, spoiler: item.spoiler }))),
  [Type.file]: (file) =>
    fileRow(
      { url: file.file?.url, name: file.name ?? fileName(file.file?.url), size: file.size, spoiler: file.spoiler },
      "file",
    ),
  [Type.separator]: (separator) =>
    h("div", {
      class: `separator${separator.divider === false ? " plain" : ""}${separator.spacing === 2 ? " large" : ""}`,
      role: "separator",
    }),
  [Type.container]: (container, context) =>
    h(
      "div",
      {
        class: "container",
        "data-accent": typeof container.accent_color === "number",
        "data-spoiler": Boolean(container.spoiler),
        "data-act": container.spoiler ? "reveal" : null,
        style: accent(container.accent_color),
      },
      componentsView(container.components, context),
    ),
};

/** Sets the CSS property `--accent` to a color number. */
export function accent(color) {
  return typeof color === "number" ? { "--accent": `#${color.toString(16).padStart(6, "0")}` } : {};
}

function emojiText(emoji) {
  return emoji?.id ? `:${emoji.name}:` : emoji?.name;
}

function button(component, { message, store }) {
  const style = BUTTON_STYLES[component.style] ?? "secondary";
  const content = [
    component.emoji &&
      h("span", { class: "emoji", "aria-hidden": component.label ? "true" : null }, emojiText(component.emoji)),
    component.label && h("span", {}, component.label),
  ];
  if (component.style === LINK) {
    const safe = /^(https?|discord):\/\//.test(component.url ?? "") && !component.disabled;
    return h(
      "a",
      {
        class: "button secondary",
        href: safe ? component.url : null,
        target: "_blank",
        rel: "noopener noreferrer",
        "aria-disabled": component.disabled ? "true" : null,
      },
      content,
      icon("link"),
    );
  }
  const busy = store.busy.has(`${message.id}/${component.custom_id}`);
  return h(
    "button",
    {
      type: "button",
      class: `button ${style}${busy ? " busy" : ""}`,
      "data-custom-id": component.custom_id,
      "data-act": "press",
      disabled: Boolean(component.disabled),
      "aria-busy": busy ? "true" : null,
    },
    content,
    busy && dots(),
  );
}

/** Three moving dots: the bot is working. */
export function dots() {
  return h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i"));
}

function select(component, { message, store }) {
  const key = `${message.id}/${component.custom_id}`;
  const busy = store.busy.has(key);
  const chosen = selectItems(component, store).filter(
    (item) => item.selected || store.picked.get(key)?.includes(item.value),
  );
  const shown = store.picked.has(key) ? chosen.filter((item) => store.picked.get(key).includes(item.value)) : chosen;
  return h(
    "button",
    {
      type: "button",
      class: `select${busy ? " busy" : ""}`,
      "data-custom-id": component.custom_id,
      "data-act": "open-select",
      disabled: Boolean(component.disabled),
      "aria-haspopup": "listbox",
      "aria-busy": busy ? "true" : null,
    },
    shown.length
      ? h("span", { class: "select-value" }, shown.map((item) => item.label).join(", "))
      : h("span", { class: "select-placeholder" }, component.placeholder ?? "Make a selection"),
    busy ? dots() : icon("down"),
  );
}

/**
 * The options of a select of any type.
 * @returns {{value: string, label: string, description?: string, selected?: boolean}[]}
 */
export function selectItems(component, store) {
  const people = [...store.users, store.bot].map((user) => ({ value: user.id, label: `@${user.username}` }));
  const roles = store.roles.map((role) => ({ value: role.id, label: `@${role.name}` }));
  const defaults = new Set((component.default_values ?? []).map((each) => each.id));
  const marked = (items) => items.map((item) => ({ ...item, selected: defaults.has(item.value) }));
  switch (component.type) {
    case Type.stringSelect:
      return component.options.map((option) => ({
        value: option.value,
        label: option.label,
        description: option.description,
        leading: emojiText(option.emoji),
        selected: Boolean(option.default),
      }));
    case Type.userSelect:
      return marked(people);
    case Type.mentionableSelect:
      return marked([...people, ...roles]);
    case Type.channelSelect:
      return marked(
        store.channels.filter((each) => each.type === 0).map((each) => ({ value: each.id, label: `#${each.name}` })),
      );
    default:
      return marked(roles);
  }
}

/** Finds a component by custom_id, at any depth. */
export function findComponent(components, customId) {
  for (const component of components ?? []) {
    if (component.custom_id === customId) return component;
    const inside = [...(component.components ?? []), component.accessory, component.component].filter(Boolean);
    const found = findComponent(inside, customId);
    if (found) return found;
  }
  return null;
}
