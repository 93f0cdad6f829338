/** Pictures, videos and files: their sizes and DOM nodes. */

import { h, icon } from "./dom.js";
import { bytes } from "./format.js";

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]", "0.0.0.0"]);

/**
 * The path to load from, null for other sites. Files of the playground have the page's own origin, which may be a
 * forwarded port.
 * @returns {string | null}
 */
export function localUrl(url) {
  if (!url || !URL.canParse(url, location.href)) return null;
  const parsed = new URL(url, location.href);
  const ours = parsed.origin === location.origin || LOOPBACK.has(parsed.hostname);
  return ours ? parsed.pathname + parsed.search : null;
}

/** The largest size with the same aspect ratio that fits into a box. */
export function fit(width, height, most, tallest, enlarge) {
  const scale = Math.min(most / width, tallest / height, enlarge ? Infinity : 1);
  return { width: Math.round(width * scale), height: Math.round(height * scale) };
}

export function fileName(url) {
  const name = (url ?? "").split(/[?#]/)[0].split("/").at(-1);
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

export function isImage(media) {
  return media.content_type
    ? media.content_type.startsWith("image/")
    : /\.(png|jpe?g|webp|gif|avif)$/i.test(fileName(media.url));
}

export function isVideo(media) {
  return media.content_type ? media.content_type.startsWith("video/") : /\.(mp4|webm|mov)$/i.test(fileName(media.url));
}

/**
 * @typedef {{url: string, width?: number, height?: number, content_type?: string, description?: string,
 *   spoiler?: boolean}} Media
 * @param {Media} media
 * @param {{key: string, size?: {width: number, height: number} | null, className?: string}} how `size` in CSS pixels;
 *   null fills the parent
 */
export function picture(media, { key, size = null, className = "" }) {
  const url = localUrl(media.url);
  if (!url) return externalLink(media.url);
  const style = size ? { width: `${size.width}px`, "aspect-ratio": `${size.width} / ${size.height}` } : {};
  const alt = media.description ?? "";
  const spoiler = Boolean(media.spoiler);
  const image = h("img", {
    src: url,
    alt,
    width: media.width ?? null,
    height: media.height ?? null,
    decoding: "async",
    draggable: "false",
  });
  return h(
    "button",
    {
      type: "button",
      class: `media ${className}`.trim(),
      "data-key": key,
      "data-act": "open-picture",
      "data-spoiler": spoiler,
      style,
      "aria-label": spoiler
        ? "Hidden picture, press to show"
        : alt
          ? `Open picture: ${alt.slice(0, 120)}`
          : "Open picture",
    },
    image,
    spoiler && h("span", { class: "media-spoiler" }, "Spoiler"),
    alt && h("span", { class: "media-alt", title: alt, "aria-hidden": "true" }, "ALT"),
  );
}

export function video(media, { key, size }) {
  const url = localUrl(media.url);
  if (!url) return externalLink(media.url);
  return h("video", {
    src: url,
    controls: true,
    loop: true,
    preload: "metadata",
    class: "media-video",
    "data-key": key,
    "aria-label": media.description ?? fileName(url),
    style: size ? { width: `${size.width}px` } : {},
  });
}

/** A file with a download link. */
export function fileRow({ url, name, size, spoiler }, key) {
  const local = localUrl(url);
  return h(
    "a",
    {
      class: "file",
      href: local ?? url,
      download: local ? name : null,
      target: local ? null : "_blank",
      rel: "noopener noreferrer",
      "data-key": key,
      "aria-label": `Download ${name}`,
    },
    icon("file"),
    h(
      "span",
      { class: "file-text" },
      h("span", { class: "file-name" }, spoiler ? `${name} (spoiler)` : name),
      h("span", { class: "file-size" }, bytes(size)),
    ),
    icon("download"),
  );
}

/** A link in place of media on another site, which the page doesn't load. */
function externalLink(url) {
  return h(
    "a",
    {
      class: "outside",
      href: URL.canParse(url ?? "") && /^https?:/.test(url) ? url : null,
      target: "_blank",
      rel: "noopener noreferrer",
    },
    icon("link"),
    "A picture from another site",
  );
}
