/** Draws the markdown tree as DOM nodes. */

import { h } from "./dom.js";
import { longDate, timestamp } from "./format.js";
import { parseMarkdown } from "./markdown.js";

/** @param {string} text @param {import("./store.js").Store} for the names of mentions @returns {Node[]} */
export function markdown(text, store) {
  return text ? nodes(parseMarkdown(text), store) : [];
}

/** A link to a message. It scrolls to the message on this page. */
const MESSAGE_LINK = /^https:\/\/discord\.com\/channels\/(?:\d+|@me)\/\d+\/(\d+)$/;

function nodes(tree, store) {
  return tree.map((node) => (VIEWS[node.type] ?? VIEWS.text)(node, store));
}

const wrap = (tag, className) => (node, store) => h(tag, { class: className }, nodes(node.children, store));

/** Letters of a code span that is not broken into lines: a flag, say, whose dashes would stand alone. */
const SHORT_CODE = 24;

const VIEWS = {
  text: (node) => document.createTextNode(node.text ?? ""),
  paragraph: wrap("p", "md-text"),
  heading: (node, store) =>
    h(
      "div",
      { class: `md-h${node.level}`, role: "heading", "aria-level": 2 },
      nodes(node.children, store),
    ),
  small: wrap("p", "md-small"),
  quote: wrap("blockquote", "md-quote"),
  bold: wrap("strong"),
  italic: wrap("em"),
  underline: wrap("u"),
  strike: wrap("s"),
  code: (node) => h("code", { class: node.text.length <= SHORT_CODE ? "md-code short" : "md-code" }, node.text),
  codeblock: (node) => h("pre", { class: "md-block", tabindex: 0 }, h("code", {}, node.text)),
  spoiler: (node, store) =>
    h(
      "span",
      {
        class: "md-spoiler",
        "data-act": "reveal",
        role: "button",
        tabindex: 0,
        "aria-label": "Spoiler, press to show",
      },
      h("span", {}, nodes(node.children, store)),
    ),
  link: (node, store) => {
    const jump = MESSAGE_LINK.exec(node.url);
    if (jump)
      return h(
        "button",
        { type: "button", class: "md-jump", "data-act": "go-to", "data-target": jump[1] },
        nodes(node.children, store),
      );
    return h(
      "a",
      { href: node.url, target: "_blank", rel: "noopener noreferrer", title: node.url },
      nodes(node.children, store),
    );
  },
  list: (node, store) =>
    h(
      node.ordered ? "ol" : "ul",
      { class: "md-list", start: node.ordered && node.start !== 1 ? node.start : null },
      node.items.map((item) => h("li", {}, nodes(item, store))),
    ),
  emoji: (node) => document.createTextNode(node.text),
  mention: (node, store) => h("span", { class: "mention" }, mentioned(node, store)),
  time: (node) => {
    const date = new Date(node.seconds * 1000);
    if (Number.isNaN(date.getTime())) return document.createTextNode("Invalid date");
    return h(
      "time",
      { class: "md-time", datetime: date.toISOString(), title: longDate(date) },
      timestamp(date, node.style),
    );
  },
};

function mentioned(node, store) {
  if (node.kind === "user") return `@${store.user(node.id)?.username ?? "unknown user"}`;
  if (node.kind === "channel")
    return `#${store.channelName(store.channels.find((each) => each.id === node.id)) || "unknown"}`;
  if (node.kind === "role") return `@${store.roles.find((each) => each.id === node.id)?.name ?? "unknown role"}`;
  return node.text;
}
