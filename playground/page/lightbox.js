/** Shows a picture in full size. The arrow keys switch between the pictures of its message. */

import { fill, h, icon } from "./dom.js";

/**
 * @param {{src: string, alt: string}[]} pictures
 * @param {number} start
 */
export function openLightbox(pictures, start) {
  let at = start;
  const image = h("img", { class: "lightbox-image" });
  const caption = h("p", { class: "lightbox-caption" });
  const place = h("span", { class: "lightbox-place" });
  const original = h(
    "a",
    {
      class: "lightbox-button",
      target: "_blank",
      rel: "noopener",
      "aria-label": "Open the original",
      title: "Open the original",
    },
    icon("link"),
  );
  const save = h(
    "a",
    { class: "lightbox-button", download: "", "aria-label": "Download", title: "Download" },
    icon("download"),
  );
  const step = (by, name, label) =>
    h(
      "button",
      { type: "button", class: `lightbox-step ${name}`, "aria-label": label, on: { click: () => show(at + by) } },
      icon(by < 0 ? "left" : "right"),
    );
  const close = h(
    "button",
    { type: "button", class: "lightbox-button", "aria-label": "Close", on: { click: () => dialog.close() } },
    icon("close"),
  );
  const dialog = h(
    "dialog",
    { class: "lightbox", "aria-label": "Picture" },
    h("div", { class: "lightbox-bar" }, place, original, save, close),
    h("div", { class: "lightbox-stage" }, image),
    caption,
  );
  if (pictures.length > 1) dialog.append(step(-1, "before", "Previous picture"), step(1, "after", "Next picture"));

  function show(index) {
    at = (index + pictures.length) % pictures.length;
    const { src, alt } = pictures[at];
    image.src = src;
    image.alt = alt;
    original.href = src;
    save.href = src;
    fill(caption, alt);
    fill(place, pictures.length > 1 ? `${at + 1} of ${pictures.length}` : "");
  }

  dialog.addEventListener("keydown", (event) => {
    if (pictures.length > 1 && event.key === "ArrowLeft") show(at - 1);
    if (pictures.length > 1 && event.key === "ArrowRight") show(at + 1);
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.classList.contains("lightbox-stage")) dialog.close();
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  show(start);
  dialog.showModal();
  close.focus();
}
