/** Modals. */

import { h, icon } from "./dom.js";
import { modalFields } from "./modal_fields.js";

/**
 * @param {object} modal Discord's modal: custom_id, title, components
 * @param {{store: import("./store.js").Store, botName: string,
 *   submit: (components: Object<string, any>, files: Map<string, File>) => Promise<string | null>}} page
 *   `submit` returns an error message, or null
 */
export function openModal(modal, { store, botName, submit }) {
  const fields = modalFields(modal.components, store);
  const problem = h("p", { class: "fault", role: "alert", hidden: true });
  const send = h("button", { type: "submit", class: "button primary" }, "Submit");
  const form = h(
    "form",
    { class: "modal-form", novalidate: true, method: "dialog" },
    h(
      "header",
      { class: "modal-head" },
      h("h2", { id: "modal-title" }, modal.title),
      h(
        "button",
        { type: "button", class: "plain", "aria-label": "Close", on: { click: () => dialog.close() } },
        icon("close"),
      ),
    ),
    h(
      "div",
      { class: "modal-body" },
      h("p", { class: "modal-note" }, `This form will be submitted to ${botName}.`),
      fields.map((field) => field.element),
      problem,
    ),
    h(
      "footer",
      { class: "modal-foot" },
      h("button", { type: "button", class: "button secondary", on: { click: () => dialog.close() } }, "Cancel"),
      send,
    ),
  );
  const dialog = h("dialog", { class: "modal", "aria-labelledby": "modal-title", "data-modal": modal.custom_id }, form);

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wrong = fields.filter((field) => !field.check());
    if (wrong.length) {
      wrong[0].focus();
      return;
    }
    send.disabled = true;
    problem.hidden = true;
    const inputs = fields.filter((field) => field.customId);
    const files = new Map(inputs.flatMap((field) => [...field.files()]));
    const sentence = await submit(Object.fromEntries(inputs.map((field) => [field.customId, field.value()])), files);
    send.disabled = false;
    if (sentence === null) {
      dialog.close();
      return;
    }
    problem.textContent = sentence;
    problem.hidden = false;
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  fields.find((field) => field.customId)?.focus();
  return dialog;
}
