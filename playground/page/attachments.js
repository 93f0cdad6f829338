/** A message's attachments below its text. */

import { h } from "./dom.js";
import { fileRow, fit, isImage, isVideo, picture, video } from "./media.js";
import { galleryGrid } from "./gallery.js";

const WIDEST = 480;
const TALLEST = 384;

/** @param {object[]} attachments Discord's attachment objects @returns {Node | null} */
export function attachmentsView(attachments) {
  if (!attachments?.length) return null;
  const pictures = attachments.filter((each) => isImage(each) && each.width);
  const videos = attachments.filter((each) => isVideo(each));
  const files = attachments.filter((each) => !pictures.includes(each) && !videos.includes(each));
  return h(
    "div",
    { class: "attachments", "data-key": "attachments" },
    pictures.length === 1 && single(pictures[0]),
    pictures.length > 1 && galleryGrid(pictures.map(asMedia)),
    videos.map((each) =>
      video(each, { key: each.id, size: each.width ? fit(each.width, each.height, WIDEST, TALLEST, false) : null }),
    ),
    files.map((each) =>
      fileRow(
        { url: each.url, name: each.filename, size: each.size, spoiler: each.filename.startsWith("SPOILER_") },
        each.id,
      ),
    ),
  );
}

function asMedia(attachment) {
  return { ...attachment, spoiler: attachment.filename.startsWith("SPOILER_") };
}

/** One picture keeps its key from preview to preview, so that the next replaces it in place. */
function single(attachment) {
  const size = fit(attachment.width, attachment.height, WIDEST, TALLEST, false);
  return picture(asMedia(attachment), { key: "picture", size, className: "media-single" });
}
