/** Parses Discord's markdown into a tree, which markdown_view.js draws. No DOM. */

/** @typedef {{type: string, text?: string, children?: Node[], [extra: string]: any}} Node */

const FENCE = /```(?:([\w+#.-]*)\n)?([\s\S]+?)```/g;
const LIST_LINE = /^(\s*)([-*]|\d{1,9}\.)\s+(.*)$/;
const MAX_DEPTH = 12;

/** @param {string} text @returns {Node[]} the blocks, in order */
export function parseMarkdown(text) {
  return blocks(text.replace(/\r\n?/g, "\n"), 0);
}

function blocks(text, depth) {
  const out = [];
  let end = 0;
  for (const fence of text.matchAll(FENCE)) {
    out.push(...lines(text.slice(end, fence.index).replace(/\n$/, ""), depth));
    out.push({ type: "codeblock", language: fence[1] ?? "", text: fence[2].replace(/^\n|\n$/g, "") });
    end = fence.index + fence[0].length;
    if (text[end] === "\n") end += 1;
  }
  out.push(...lines(text.slice(end), depth));
  return out;
}

/** Parses the lines of a text without code blocks. */
function lines(text, depth) {
  if (!text) return [];
  const out = [];
  const rows = text.split("\n");
  let plain = [];
  const flush = () => {
    if (plain.length) out.push({ type: "paragraph", children: inline(plain.join("\n"), depth) });
    plain = [];
  };
  for (let at = 0; at < rows.length; at += 1) {
    const taken = depth < MAX_DEPTH ? block(rows, at, depth) : null;
    if (!taken) {
      plain.push(rows[at]);
      continue;
    }
    flush();
    out.push(taken.node);
    at += taken.count - 1;
  }
  flush();
  return out;
}

/** Parses the block that begins at a row: its node and its number of rows. Null for plain text. */
function block(rows, at, depth) {
  const row = rows[at];
  const heading = /^(#{1,3}) +(.+)$/.exec(row);
  if (heading)
    return { node: { type: "heading", level: heading[1].length, children: inline(heading[2], depth) }, count: 1 };
  const small = /^-# +(.+)$/.exec(row);
  if (small) return { node: { type: "small", children: inline(small[1], depth) }, count: 1 };
  if (/^>>> /.test(row)) {
    const rest = rows.slice(at).join("\n").slice(4);
    return { node: { type: "quote", children: blocks(rest, depth + 1) }, count: rows.length - at };
  }
  if (/^> ?/.test(row) && row.startsWith("> ")) {
    const count = countWhile(rows, at, (line) => line === ">" || line.startsWith("> "));
    const inner = rows
      .slice(at, at + count)
      .map((line) => line.slice(2))
      .join("\n");
    return { node: { type: "quote", children: lines(inner, depth + 1) }, count };
  }
  if (LIST_LINE.test(row)) {
    const count = countWhile(rows, at, (line) => LIST_LINE.test(line));
    return { node: list(rows.slice(at, at + count), depth), count };
  }
  return null;
}

function countWhile(rows, at, holds) {
  let count = 0;
  while (at + count < rows.length && holds(rows[at + count])) count += 1;
  return count;
}

/** Parses rows that are all list items. Deeper indentation nests a list in the item before. */
function list(rows, depth) {
  const parts = rows.map((row) => LIST_LINE.exec(row));
  const margin = parts[0][1].length;
  const items = [];
  for (let at = 0; at < parts.length;) {
    const nested = countWhile(parts, at + 1, (part) => part[1].length > margin + 1);
    const children = [{ type: "paragraph", children: inline(parts[at][3], depth) }];
    if (nested && depth < MAX_DEPTH) children.push(list(rows.slice(at + 1, at + 1 + nested), depth + 1));
    items.push(children);
    at += 1 + nested;
  }
  const number = parseInt(parts[0][2], 10);
  return { type: "list", ordered: !Number.isNaN(number), start: Number.isNaN(number) ? 1 : number, items };
}

/** Inline markup: [pattern, function that makes the node, pattern of the text before]. */
const INLINE = [
  [/\\([^\sA-Za-z0-9])/y, (m) => ({ type: "text", text: m[1] })],
  [/(`{1,2})((?:(?!\1)[\s\S])+?)\1(?!`)/y, (m) => ({ type: "code", text: m[2].replace(/^ (.+) $/, "$1") })],
  [/<(https?:\/\/[^\s<>]+)>/y, (m, inside) => link(m[1], [{ type: "text", text: m[1] }], inside)],
  [/<@!?(\d+)>/y, (m) => ({ type: "mention", kind: "user", id: m[1] })],
  [/<@&(\d+)>/y, (m) => ({ type: "mention", kind: "role", id: m[1] })],
  [/<#(\d+)>/y, (m) => ({ type: "mention", kind: "channel", id: m[1] })],
  [/<\/([^:<>\n]{1,100}):(\d+)>/y, (m) => ({ type: "mention", kind: "command", id: m[2], text: `/${m[1]}` })],
  [/<a?:(\w{1,32}):(\d+)>/y, (m) => ({ type: "emoji", text: `:${m[1]}:`, id: m[2] })],
  [/<t:(-?\d{1,13})(?::([tTdDfFR]))?>/y, (m) => ({ type: "time", seconds: Number(m[1]), style: m[2] ?? "f" })],
  [/@(?:everyone|here)\b/y, (m) => ({ type: "mention", kind: "everyone", text: m[0] })],
  [
    /\[((?:\\.|[^\]\\\n])+)\]\(<?(https?:\/\/[^\s<>()]*(?:\([^\s<>()]*\)[^\s<>()]*)*)>?(?:\s+"[^"\n]*")?\)/y,
    (m, inside) => link(m[2], inside(m[1], true), inside),
  ],
  [
    /https?:\/\/[^\s<>]*[^\s<>.,:;"'!?)\]*_~|]/y,
    (m, inside) => link(m[0], [{ type: "text", text: m[0] }], inside),
    /(?:^|[^\w])$/,
  ],
  [/\|\|([\s\S]+?)\|\|/y, (m, inside) => ({ type: "spoiler", children: inside(m[1]) })],
  [/\*\*((?:\\[\s\S]|[^\\])+?)\*\*(?!\*)/y, (m, inside) => ({ type: "bold", children: inside(m[1]) })],
  [/__((?:\\[\s\S]|[^\\])+?)__(?!_)/y, (m, inside) => ({ type: "underline", children: inside(m[1]) })],
  [/~~([\s\S]+?)~~(?!_)/y, (m, inside) => ({ type: "strike", children: inside(m[1]) })],
  [
    /\*(?![\s*])((?:\*\*|\\[\s\S]|[^*\\])*?[^\s*\\])\*(?!\*)/y,
    (m, inside) => ({ type: "italic", children: inside(m[1]) }),
  ],
  [/_((?:\\[\s\S]|__|[^\\_])+?)_(?!\w)/y, (m, inside) => ({ type: "italic", children: inside(m[1]) }), /(?:^|\W)$/],
];

const SPECIAL = /[\\`<@[|*_~]|https?:/g;

/**
 * @param {string} text
 * @param {number} depth
 * @param {boolean} [linked] inside a link, which can't contain another link
 */
function inline(text, depth, linked = false) {
  const out = [];
  const append = (piece) => {
    if (out.at(-1)?.type === "text") out.at(-1).text += piece;
    else out.push({ type: "text", text: piece });
  };
  for (let at = 0; at < text.length;) {
    SPECIAL.lastIndex = at;
    const next = depth < MAX_DEPTH ? (SPECIAL.exec(text)?.index ?? text.length) : text.length;
    if (next > at) append(text.slice(at, next));
    at = next;
    if (at === text.length) break;
    const found = match(text, at, (inner, inLink = linked) => inline(inner, depth + 1, inLink), linked);
    if (!found) append(text[at]);
    else if (found.node.type === "text") append(found.node.text);
    else out.push(found.node);
    at += found?.length ?? 1;
  }
  return out;
}

function match(text, at, inside, linked) {
  for (const [pattern, make, before] of INLINE) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (!found || (before && !before.test(text.slice(Math.max(0, at - 1), at)))) continue;
    const node = make(found, inside);
    if (linked && node.type === "link") continue;
    return { node, length: found[0].length };
  }
  return null;
}

function link(url, children) {
  return URL.canParse(url) ? { type: "link", url, children } : { type: "text", text: url };
}

const BLOCKS = new Set(["paragraph", "heading", "small", "quote", "list", "codeblock"]);

/** Writes the tree as plain text, for reply lines. Spoilers stay hidden. */
export function plainText(nodes) {
  const text = nodes.map((node) => {
    if (node.type === "spoiler") return "▮▮▮";
    const inner = node.items
      ? node.items.map(plainText).join(" ")
      : node.children
        ? plainText(node.children)
        : (node.text ?? "");
    return BLOCKS.has(node.type) ? `${inner} ` : inner;
  });
  return text.join("").replace(/\s+/g, " ");
}
