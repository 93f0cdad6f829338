/** Slash commands as text: listing, matching and parsing them. No DOM. */

import { descriptionIn, nameIn, optionIn } from "./localization.js";

/**
 * @typedef {{key: string, name: string, description: string, type: number, required?: boolean,
 *   choices?: {name: string, value: any}[], autocomplete?: boolean, min_value?: number, max_value?: number,
 *   min_length?: number, max_length?: number}} Option
 * @typedef {{path: string[], name: string, source: string, description: string, options: Option[]}} Leaf a command or
 *   subcommand that can be sent: `path` and `source` are its registered name, `name` is the localized one
 */

export const Kind = {
  subcommand: 1,
  group: 2,
  string: 3,
  integer: 4,
  boolean: 5,
  user: 6,
  channel: 7,
  role: 8,
  mentionable: 9,
  number: 10,
  attachment: 11,
};

/** Lists every command and subcommand that can be sent, in the order of the app. @returns {Leaf[]} */
export function leavesOf(commands, locale = "en-US") {
  const out = [];
  const walk = (node, path, names) => {
    const here = [...path, node.name];
    const read = [...names, nameIn(node, locale)];
    const options = node.options ?? [];
    const nested = options.filter((option) => option.type === Kind.subcommand || option.type === Kind.group);
    if (nested.length) nested.forEach((option) => walk(option, here, read));
    else {
      out.push({
        path: here,
        name: read.join(" "),
        source: here.join(" "),
        description: descriptionIn(node, locale),
        options: options.map((option) => optionIn(option, locale)),
      });
    }
  };
  for (const command of commands) if ((command.type ?? 1) === 1) walk(command, [], []);
  return out;
}

/** Finds commands by the text after the slash: names that begin with it, names that contain it, then descriptions. */
export function matchLeaves(leaves, query) {
  const wanted = query.toLowerCase().replace(/\s+/g, " ").trimStart();
  if (!wanted) return leaves;
  const ranked = leaves.map((leaf) => {
    const name = leaf.name.toLowerCase();
    if (name.startsWith(wanted) || name.split(" ").at(-1).startsWith(wanted)) return [0, leaf];
    if (name.includes(wanted) || leaf.source.includes(wanted)) return [1, leaf];
    return [wanted.length > 2 && leaf.description.toLowerCase().includes(wanted) ? 2 : 3, leaf];
  });
  return ranked
    .filter(([rank]) => rank < 3)
    .sort((a, b) => a[0] - b[0])
    .map(([, leaf]) => leaf);
}

/**
 * Finds the command that a line begins with, by its localized or registered name. `rest` is what follows, as in
 * "/imagine " or "/server defaults steps:4".
 * @param {string} line @param {Leaf[]} leaves @returns {{leaf: Leaf, rest: string} | null}
 */
export function namedCommand(line, leaves) {
  if (!line.startsWith("/")) return null;
  const typed = line.slice(1).replace(/^(\S+(?: +\S+){0,2})/, (words) => words.replace(/ +/g, " "));
  const fitting = leaves
    .flatMap((leaf) => [leaf.name, leaf.source].map((name) => ({ leaf, name })))
    .filter(({ name }) => typed === name || (/^\s/.test(typed.slice(name.length)) && typed.startsWith(name)));
  if (!fitting.length) return null;
  const { leaf, name } = fitting.reduce((best, each) => (each.name.length > best.name.length ? each : best));
  return { leaf, rest: typed.slice(name.length) };
}

function escaped(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** The names of an option: the localized and the registered one. */
function optionNames(option) {
  return [option.name, option.key ?? option.name].map((name) => name.toLowerCase());
}

/**
 * Parses `prompt:a red apple steps:20` into [["prompt", "a red apple"], ["steps", "20"]]. Only the first place of a
 * name counts, so a prompt may contain colons. Text before any name goes to the first string option.
 * @param {string} text @param {Option[]} options @returns {[string, string][]}
 */
export function readOptions(text, options) {
  if (!options.length) return [];
  const names = options.flatMap(optionNames).map(escaped).sort((a, b) => b.length - a.length);
  const marker = new RegExp(`(?:^|\\s)(${names.join("|")}):`, "giu");
  const seen = new Set();
  const places = [];
  for (const found of text.matchAll(marker)) {
    const { name } = options.find((option) => optionNames(option).includes(found[1].toLowerCase()));
    if (seen.has(name)) continue;
    seen.add(name);
    places.push({ name, start: found.index, end: found.index + found[0].length });
  }
  const out = places.map((place, index) => [place.name, text.slice(place.end, places[index + 1]?.start).trim()]);
  const unnamed = text.slice(0, places[0]?.start).trim();
  const target = options.find((option) => option.type === Kind.string && !seen.has(option.name));
  if (unnamed && target) out.unshift([target.name, unnamed]);
  return out;
}

/** Writes a command as a line: `/imagine prompt:a fox steps:20`. */
export function writeLine(leaf, values) {
  const parts = Object.entries(values).map(([name, text]) => `${name}:${text}`);
  return [`/${leaf.name}`, ...parts].join(" ");
}
