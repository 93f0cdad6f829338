/** Embeds as DOM nodes. */

import { h } from "./dom.js";
import { messageTime } from "./format.js";
import { accent } from "./components.js";
import { markdown } from "./markdown_view.js";
import { fit, localUrl, picture } from "./media.js";

/** @param {object[]} embeds @param {import("./store.js").Store} store */
export function embedsView(embeds, store) {
  return (embeds ?? []).map((embed) =>
    h(
      "article",
      { class: "embed", style: accent(embed.color) },
      h(
        "div",
        { class: "embed-body" },
        embed.author?.name && person(embed.author.name, embed.author.icon_url, "embed-author"),
        embed.title && h("div", { class: "embed-title" }, embed.url ? titleLink(embed) : markdown(embed.title, store)),
        embed.description && h("div", { class: "markdown embed-text" }, markdown(embed.description, store)),
        embed.fields?.length > 0 &&
          h(
            "div",
            { class: "embed-fields" },
            embed.fields.map((field) =>
              h(
                "div",
                { class: field.inline ? "inline" : "" },
                h("div", { class: "embed-name" }, markdown(field.name, store)),
                h("div", { class: "markdown" }, markdown(field.value, store)),
              ),
            ),
          ),
        embed.image?.url && large(embed.image),
        footer(embed),
      ),
      embed.thumbnail?.url && picture(embed.thumbnail, { key: "thumbnail", className: "thumbnail" }),
    ),
  );
}

function titleLink(embed) {
  return h(
    "a",
    { href: /^https?:/.test(embed.url) ? embed.url : null, target: "_blank", rel: "noopener noreferrer" },
    embed.title,
  );
}

function large(image) {
  const size = image.width && image.height ? fit(image.width, image.height, 460, 400, false) : null;
  return picture(image, { key: "picture", size, className: "media-single" });
}

function person(name, iconUrl, className) {
  const url = localUrl(iconUrl);
  return h(
    "div",
    { class: className },
    url && h("img", { src: url, alt: "", class: "embed-icon" }),
    h("span", {}, name),
  );
}

function footer(embed) {
  const when = embed.timestamp ? messageTime(new Date(embed.timestamp)) : null;
  const text = [embed.footer?.text, when].filter(Boolean).join(" · ");
  return text && person(text, embed.footer?.icon_url, "embed-footer");
}
