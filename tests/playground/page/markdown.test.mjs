import assert from "node:assert/strict";
import { test } from "node:test";

import { parseMarkdown, plainText } from "../../../playground/page/markdown.js";

const text = (value) => ({ type: "text", text: value });
/** Parses a text of one paragraph; returns its inline nodes. */
const line = (source) => {
  const [paragraph, ...others] = parseMarkdown(source);
  assert.equal(paragraph.type, "paragraph");
  assert.deepEqual(others, []);
  return paragraph.children;
};

test("plain text stays as it is, line breaks included", () => {
  assert.deepEqual(line("a fox\nin snow"), [text("a fox\nin snow")]);
  assert.deepEqual(parseMarkdown(""), []);
});

test("inline styles, nested ones too", () => {
  assert.deepEqual(line("**a *b* c**"), [
    { type: "bold", children: [text("a "), { type: "italic", children: [text("b")] }, text(" c")] },
  ]);
  assert.deepEqual(
    line("__u__ _i_ ~~s~~").map((node) => node.type),
    ["underline", "text", "italic", "text", "strike"],
  );
  assert.deepEqual(line("||hidden||"), [{ type: "spoiler", children: [text("hidden")] }]);
  assert.deepEqual(
    line("***both***").map((node) => node.type),
    ["bold"],
  );
});

test("unmatched markup stays text", () => {
  for (const source of [
    "2 * 3 * 4",
    "snake_case_name",
    "**open",
    "a ` b",
    "\\*not italic\\*",
    "(masterpiece:1.2), <lora:x:1>",
  ]) {
    assert.deepEqual(line(source), [text(source.replaceAll("\\", ""))], source);
  }
});

test("code keeps its content", () => {
  assert.deepEqual(line("`**a**`"), [{ type: "code", text: "**a**" }]);
  assert.deepEqual(line("``a ` b``"), [{ type: "code", text: "a ` b" }]);
  assert.deepEqual(parseMarkdown("before\n```py\nx = 1\n**y**\n```\nafter"), [
    { type: "paragraph", children: [text("before")] },
    { type: "codeblock", language: "py", text: "x = 1\n**y**" },
    { type: "paragraph", children: [text("after")] },
  ]);
});

test("headings, subtext and quotes start at the beginning of a line", () => {
  assert.deepEqual(
    parseMarkdown("## Title\n-# small\n> said").map((node) => [node.type, node.level]),
    [
      ["heading", 2],
      ["small", undefined],
      ["quote", undefined],
    ],
  );
  assert.equal(line("#hashtag")[0].text, "#hashtag");
  assert.equal(line("a ## b")[0].type, "text");
  const [quote] = parseMarkdown(">>> one\ntwo");
  assert.equal(quote.children[0].children[0].text, "one\ntwo");
});

test("lists nest by indentation", () => {
  const [list] = parseMarkdown("- a\n  - b\n- c");
  assert.equal(list.items.length, 2);
  assert.equal(list.items[0][1].type, "list");
  const [numbered] = parseMarkdown("3. x\n4. y");
  assert.deepEqual([numbered.ordered, numbered.start], [true, 3]);
});

test("only web addresses become links", () => {
  assert.deepEqual(line("[docs](https://example.org/a)"), [
    { type: "link", url: "https://example.org/a", children: [text("docs")] },
  ]);
  assert.equal(line("see https://example.org/a_b_c.")[1].url, "https://example.org/a_b_c");
  assert.equal(line("<https://example.org>")[0].type, "link");
  for (const source of ["[x](javascript:alert(1))", "javascript:alert(1)", "[x](data:text/html,hi)"]) {
    assert.ok(
      line(source).every((node) => node.type === "text"),
      source,
    );
  }
});

test("mentions, commands and times", () => {
  assert.deepEqual(
    line("<@12> <@!13> <#14> <@&15> </server defaults:16>")
      .filter((node) => node.type === "mention")
      .map((node) => [node.kind, node.id]),
    [
      ["user", "12"],
      ["user", "13"],
      ["channel", "14"],
      ["role", "15"],
      ["command", "16"],
    ],
  );
  assert.deepEqual(line("<t:1700000000:R>"), [{ type: "time", seconds: 1700000000, style: "R" }]);
});

test("HTML stays text", () => {
  assert.deepEqual(line("<img src=x onerror=alert(1)>"), [text("<img src=x onerror=alert(1)>")]);
});

test("long rows of markup are parsed in reasonable time", () => {
  const started = performance.now();
  for (const mark of ["*", "_", "|", "~", "`", "[", "**_", "> ", "||**"])
    parseMarkdown(mark.repeat(Math.floor(4000 / mark.length)));
  assert.ok(performance.now() - started < 3000);
});

test("plain text hides spoilers", () => {
  assert.equal(plainText(parseMarkdown("**a** `b`\n- c ||d||")).trim(), "a b c ▮▮▮");
});
