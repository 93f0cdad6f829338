/** Puts a pasted or dropped file into the command's first free attachment option. */

import { Kind } from "./command_line.js";

/**
 * @param {HTMLElement} element
 * @param {() => import("./command_form.js").CommandForm | null} form returns the command that is being filled in
 */
export function acceptFiles(element, form) {
  const take = (event, transfer) => {
    const [file] = transfer?.files ?? [];
    const place = form() && freePlace(form());
    if (!file || !place) return;
    event.preventDefault();
    const chip = place.chip ?? form().addOption(place.option);
    chip.take(file);
  };
  element.addEventListener("paste", (event) => take(event, event.clipboardData));
  element.addEventListener("drop", (event) => take(event, event.dataTransfer));
  element.addEventListener("dragover", (event) => {
    if (form() && freePlace(form())) event.preventDefault();
  });
}

function freePlace(form) {
  const chip = form.chips.find((each) => each.isFile && !each.file);
  const option = form.unused.find((each) => each.type === Kind.attachment);
  return chip || option ? { chip, option } : null;
}
