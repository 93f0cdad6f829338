/** Small boxes beside the element that opened them. A press outside closes them. */

import { h } from "./dom.js";

const GAP = 6;
let open = null;

/** Closes the popover that is open, if any. */
export function closePopover() {
  open?.close();
}

/**
 * @param {Element | {x: number, y: number}} anchor the element or point to place it beside
 * @param {Node} content
 * @param {{label: string, className?: string, onClose?: () => void, width?: number}} how
 */
export function openPopover(anchor, content, { label, className = "", onClose = () => {}, width = 0 }) {
  closePopover();
  const before = document.activeElement;
  const element = anchor instanceof Element ? anchor : null;
  const root = element?.closest("dialog") ?? document.getElementById("overlays");
  const box = h("div", { class: `popover ${className}`.trim(), "aria-label": label, role: "group" }, content);
  if (width) box.style.width = `${width}px`;
  root.append(box);
  const rect = () =>
    element ? element.getBoundingClientRect() : { left: anchor.x, right: anchor.x, top: anchor.y, bottom: anchor.y };

  const place = () => {
    const at = rect();
    const below = at.bottom + GAP + box.offsetHeight <= innerHeight - GAP;
    const top = below ? at.bottom + GAP : Math.max(GAP, at.top - GAP - box.offsetHeight);
    box.style.left = `${Math.max(GAP, Math.min(at.left, innerWidth - box.offsetWidth - GAP))}px`;
    box.style.top = `${Math.max(GAP, Math.min(top, innerHeight - box.offsetHeight - GAP))}px`;
  };
  const outside = (event) => {
    if (!box.contains(event.target) && !element?.contains(event.target)) popover.close(false);
  };
  const key = (event) => {
    if (event.key !== "Escape" && event.key !== "Tab") return;
    event.preventDefault();
    event.stopPropagation();
    popover.close();
  };
  const popover = {
    box,
    place,
    close(refocus = true) {
      if (open !== popover) return;
      open = null;
      document.removeEventListener("pointerdown", outside, true);
      removeEventListener("resize", popover.close);
      box.remove();
      if (refocus && before?.isConnected) before.focus({ preventScroll: true });
      onClose();
    },
  };
  open = popover;
  document.addEventListener("pointerdown", outside, true);
  addEventListener("resize", popover.close);
  box.addEventListener("keydown", key);
  place();
  return popover;
}
