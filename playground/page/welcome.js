/** The beginning of a channel: its name, and commands to try. */

import { Kind, leavesOf } from "./command_line.js";
import { h, icon } from "./dom.js";
import { avatar } from "./avatar.js";

const STARTERS = 4;

/** Words for the first command that draws from words, and a seed with which they come out well. */
const EXAMPLE = "a cute fox";
const SEED = 5;

/** @param {import("./store.js").Store} store */
export function welcome(store) {
  const channel = store.here();
  if (!channel) return h("div", { class: "welcome", "data-key": "welcome" });
  const direct = channel.type === 1;
  const name = store.channelName(channel);
  const empty = store.messages().length === 0;
  return h(
    "div",
    { class: `welcome${empty ? " empty" : ""}`, "data-key": "welcome" },
    direct ? avatar(store.bot, store) : h("span", { class: "welcome-mark", "aria-hidden": "true" }, icon("hash")),
    h("h1", {}, direct ? name : `Welcome to #${name}`),
    h(
      "p",
      {},
      direct
        ? `This is the beginning of your direct messages with ${name}.`
        : `This is the beginning of #${name}${kindOf(channel, store)}. Everything here stays on this computer.`,
    ),
    empty && noteFor(store),
    starters(store),
  );
}

/** What whoever started the playground says to newcomers, in the reader's language. */
function noteFor(store) {
  const words = store.note[store.locale] ?? store.note["en-US"];
  return words ? h("p", { class: "note" }, words) : null;
}

function kindOf(channel, store) {
  if (channel.outside) return `, where ${store.bot.username} isn't a member: you use it as an app you have installed`;
  if (channel.nsfw) return ", an age-restricted channel";
  return channel.parent ? ", a thread" : "";
}

/**
 * Suggests commands: those without subcommands first, and of these the ones with a required text, such as a prompt. The
 * first of them can be tried with one press.
 */
function starters(store) {
  const all = leavesOf(store.commands, store.locale);
  const words = (leaf) => leaf.options.find((option) => option.required && option.type === Kind.string);
  const makes = (leaf) => (words(leaf) ? 0 : 1);
  const shown = all.sort((a, b) => a.path.length - b.path.length || makes(a) - makes(b)).slice(0, STARTERS);
  if (!shown.length) return null;
  return h(
    "div",
    { class: "starters" },
    words(shown[0]) && example(lineOf(shown[0], words(shown[0]))),
    shown.map((leaf) =>
      h(
        "button",
        { type: "button", class: "starter", "data-act": "starter", "data-line": `/${leaf.name} ` },
        h("b", {}, `/${leaf.name}`),
        h("span", {}, leaf.description),
      ),
    ),
  );
}

/** A command with words, and with a seed if it takes one. */
function lineOf(leaf, words) {
  const seed = leaf.options.find((option) => option.key === "seed");
  return `/${leaf.name} ${words.name}:${EXAMPLE}${seed ? ` ${seed.name}:${SEED}` : ""}`;
}

/** A button that sends a whole command. */
function example(line) {
  return h(
    "button",
    { type: "button", class: "starter example", "data-act": "example", "data-line": line },
    h("b", {}, "Press to try"),
    h("span", {}, line),
  );
}
