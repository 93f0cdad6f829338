/** Pictures, videos and files of a message: attachments, and media galleries as a grid. */

import { h } from "./dom.js";
import { fileRow, fit, isImage, isVideo, picture, video } from "./media.js";

const ATTACHMENT_WIDTH = 480;
const GALLERY_WIDTH = 460;
const MAX_HEIGHT = 384;

/** The number of columns, of six, that each picture spans, by the number of pictures. */
const SPANS = {
  2: [3, 3],
  3: [4, 2, 2],
  4: [3, 3, 3, 3],
  5: [3, 3, 2, 2, 2],
  6: [2, 2, 2, 2, 2, 2],
  7: [6, 2, 2, 2, 2, 2, 2],
  8: [3, 3, 2, 2, 2, 2, 2, 2],
  9: Array(9).fill(2),
  10: [6, ...Array(9).fill(2)],
};

/** @param {import("./media.js").Media[]} items */
export function galleryGrid(items) {
  if (items.length === 1) return h("div", { class: "gallery gallery-1", "data-key": "gallery" }, one(items[0]));
  const spans = SPANS[items.length] ?? Array(items.length).fill(2);
  const shape = commonShape(items);
  return h(
    "div",
    { class: `gallery gallery-${items.length}`, "data-key": "gallery" },
    items.map((item, index) => {
      const tall = items.length === 3 && index === 0;
      const wide = spans[index] === 6;
      const cell = h("div", {
        class: "gallery-cell",
        "data-key": `cell ${index}`,
        style: {
          "grid-column": `span ${spans[index]}`,
          "grid-row": tall ? "span 2" : "auto",
          "aspect-ratio": tall ? "auto" : wide ? "2 / 1" : shape,
        },
      });
      cell.append(isVideo(item) ? video(item, { key: "video" }) : picture(item, { key: "picture" }));
      return cell;
    }),
  );
}

/** A single picture is scaled up to the full width, so that a small preview is as large as the finished picture. */
function one(item) {
  const size = item.width && item.height ? fit(item.width, item.height, GALLERY_WIDTH, MAX_HEIGHT, true) : null;
  return isVideo(item)
    ? video(item, { key: "video", size })
    : picture(item, { key: "picture", size, className: "media-single" });
}

/** The aspect ratio that all pictures have; "1 / 1" when they differ, which crops them to squares. */
function commonShape(items) {
  const shapes = new Set(
    items.map((item) => (item.width && item.height ? (item.width / item.height).toFixed(2) : "1")),
  );
  const [first] = items;
  return shapes.size === 1 && first.width && first.height && items.length !== 3
    ? `${first.width} / ${first.height}`
    : "1 / 1";
}

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
      video(each, { key: each.id, size: each.width ? fit(each.width, each.height, ATTACHMENT_WIDTH, MAX_HEIGHT, false) : null }),
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

/** A single picture always has the same key, so that the next preview replaces it in place. */
function single(attachment) {
  const size = fit(attachment.width, attachment.height, ATTACHMENT_WIDTH, MAX_HEIGHT, false);
  return picture(asMedia(attachment), { key: "picture", size, className: "media-single" });
}
