/** Keyboard control while an option is filled in. */

/**
 * @param {import("./command_form.js").CommandForm} form
 * @param {import("./option_chip.js").OptionChip} chip
 * @param {KeyboardEvent} event
 */
export function chipKey(form, chip, event) {
  if (event.isComposing || form.panel.key(event)) return;
  const run = { Enter: enter, Tab: tab, Escape: escape, Backspace: backspace, ArrowLeft: left, ArrowRight: right }[
    event.key
  ];
  if (run && !event.shiftKey && run(form, chip)) event.preventDefault();
}

/** Each of these functions returns whether it handled the key. */
function enter(form) {
  if (!form.panel.chooseActive()) form.onSend();
  return true;
}

/** Chooses the active item. Then the focus moves on as usual, unless choosing has already moved it. */
function tab(form, chip) {
  return form.panel.chooseActive() && document.activeElement !== chip.input;
}

function escape(form) {
  if (form.panel.listed) form.panel.hide();
  else form.onLeave();
  return true;
}

function backspace(form, chip) {
  if (chip.text) return false;
  const before = form.chips[form.chips.indexOf(chip) - 1];
  if (!chip.option.required) form.remove(chip);
  else if (before) before.focus();
  else if (form.chips.every((each) => !each.text)) form.onLeave();
  return true;
}

function left(form, chip) {
  const before = form.chips[form.chips.indexOf(chip) - 1];
  if (!before || !caretAt(chip, 0)) return false;
  before.focus();
  return true;
}

function right(form, chip) {
  if (!caretAt(chip, chip.text.length)) return false;
  (form.chips[form.chips.indexOf(chip) + 1] ?? form.rest).focus();
  return true;
}

function caretAt(chip, place) {
  if (chip.isFile) return true;
  const { selectionStart, selectionEnd } = chip.input;
  return selectionStart === place && selectionEnd === place;
}
