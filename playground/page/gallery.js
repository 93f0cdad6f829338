/** One to ten pictures as a grid. */

import { h } from "./dom.js";
import { fit, isVideo, picture, video } from "./media.js";

const WIDEST = 460;
const TALLEST = 384;

/** How many columns of six each picture takes, by the number of pictures. */
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

/** A gallery of one fills the width it may have, so that a small preview stands as large as the finished picture. */
function one(item) {
  const size = item.width && item.height ? fit(item.width, item.height, WIDEST, TALLEST, true) : null;
  return isVideo(item)
    ? video(item, { key: "video", size })
    : picture(item, { key: "picture", size, className: "media-single" });
}

/** Pictures of one shape are shown whole; others are cropped to squares. */
function commonShape(items) {
  const shapes = new Set(
    items.map((item) => (item.width && item.height ? (item.width / item.height).toFixed(2) : "1")),
  );
  const [first] = items;
  return shapes.size === 1 && first.width && first.height && items.length !== 3
    ? `${first.width} / ${first.height}`
    : "1 / 1";
}
