/** Reads the value of a command option, or says what is wrong with it. No DOM. */

import { Kind } from "./command_line.js";

const YES = new Set(["true", "yes", "on", "1"]);
const NO = new Set(["false", "no", "off", "0"]);
const STRING_LIMIT = 6000;

/**
 * @typedef {{users: {id: string, username: string}[], channels: {id: string, name: string}[],
 *   roles: {id: string, name: string}[]}} Places users, channels and roles that can be mentioned
 * @typedef {{value?: any, problem?: string}} Reading
 */

/**
 * @param {import("./command_line.js").Option} option
 * @param {string} text what was typed, or the label of a picked item
 * @param {Places} places
 * @returns {Reading} neither `value` nor `problem` for an empty optional option
 */
export function readValue(option, text, places) {
  const typed = text.trim();
  if (!typed) return option.required ? { problem: "This option is required." } : {};
  if (option.choices?.length) return readChoice(option, typed);
  const read = {
    [Kind.string]: readString,
    [Kind.integer]: readNumber,
    [Kind.number]: readNumber,
    [Kind.boolean]: readBoolean,
    [Kind.user]: readUser,
    [Kind.role]: readRole,
    [Kind.channel]: readChannel,
    [Kind.mentionable]: readMentionable,
  }[option.type];
  return read ? read(option, typed, places) : { problem: "This page can't fill in this type of option." };
}

function readChoice(option, typed) {
  const low = typed.toLowerCase();
  const choice =
    option.choices.find((each) => each.name.toLowerCase() === low) ??
    option.choices.find((each) => String(each.value).toLowerCase() === low);
  return choice ? { value: choice.value } : { problem: "Choose one from the list." };
}

function readString(option, typed) {
  const length = [...typed].length;
  const most = option.max_length ?? STRING_LIMIT;
  if (length < (option.min_length ?? 0)) return { problem: `Use at least ${option.min_length} characters.` };
  if (length > most) return { problem: `Use at most ${most} characters; you have ${length}.` };
  return { value: typed };
}

function readNumber(option, typed) {
  const whole = option.type === Kind.integer;
  const form = whole ? /^[+-]?\d+$/ : /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
  const value = Number(typed);
  if (!form.test(typed) || !Number.isFinite(value))
    return { problem: whole ? "Enter a whole number." : "Enter a number." };
  if (whole && !Number.isSafeInteger(value)) return { problem: "This number is too large." };
  const { min_value: least, max_value: most } = option;
  if ((least ?? -Infinity) > value || value > (most ?? Infinity))
    return { problem: `Enter a number ${range(least, most)}.` };
  return { value };
}

function range(least, most) {
  if (least !== undefined && most !== undefined) return `from ${least} to ${most}`;
  return least !== undefined ? `of at least ${least}` : `of at most ${most}`;
}

function readBoolean(option, typed) {
  const low = typed.toLowerCase();
  if (YES.has(low)) return { value: true };
  return NO.has(low) ? { value: false } : { problem: "Choose true or false." };
}

function readUser(option, typed, { users }) {
  const name = typed.replace(/^@/, "").toLowerCase();
  const id = typed.replace(/^<@!?(\d+)>$/, "$1");
  const user = users.find((each) => each.id === id || each.username.toLowerCase() === name);
  return user ? { value: user.id } : { problem: "There is no user with this name." };
}

function readRole(option, typed, { roles }) {
  const name = typed.replace(/^@/, "").toLowerCase();
  const id = typed.replace(/^<@&(\d+)>$/, "$1");
  const role = roles.find((each) => each.id === id || each.name.toLowerCase() === name);
  return role ? { value: role.id } : { problem: "There is no role with this name." };
}

function readMentionable(option, typed, places) {
  const user = readUser(option, typed, places);
  return user.problem ? readRole(option, typed, places) : user;
}

function readChannel(option, typed, { channels }) {
  const name = typed.replace(/^#/, "").toLowerCase();
  const id = typed.replace(/^<#(\d+)>$/, "$1");
  const channel = channels.find((each) => each.id === id || each.name?.toLowerCase() === name);
  return channel ? { value: channel.id } : { problem: "There is no channel with this name." };
}

function named({ id, name, username }) {
  return { label: `@${name ?? username}`, value: id };
}

/**
 * The values to pick from for an option, without autocomplete.
 * @returns {{label: string, value: any}[]}
 */
export function fixedSuggestions(option, text, { users, channels, roles }) {
  const typed = text.trim().toLowerCase().replace(/^[@#]/, "");
  let all = [];
  if (option.choices?.length) all = option.choices.map((choice) => ({ label: choice.name, value: choice.value }));
  else if (option.type === Kind.boolean)
    all = [
      { label: "True", value: true },
      { label: "False", value: false },
    ];
  else if (option.type === Kind.user) all = users.map(named);
  else if (option.type === Kind.role) all = roles.map(named);
  else if (option.type === Kind.mentionable) all = [...users, ...roles].map(named);
  else if (option.type === Kind.channel)
    all = channels
      .filter((channel) => channel.type === 0)
      .map((channel) => ({ label: `#${channel.name}`, value: channel.id }));
  const exact = all.some((each) => each.label.toLowerCase().replace(/^[@#]/, "") === typed);
  return exact ? all : all.filter((each) => each.label.toLowerCase().includes(typed));
}

/** Describes the values of an option: "whole number, 1 to 150". */
export function kindHint(option) {
  if (option.choices?.length) return "one of a list";
  const { min_value: least, max_value: most, min_length: short, max_length: long } = option;
  const bounds =
    least !== undefined && most !== undefined
      ? `, ${least} to ${most}`
      : least !== undefined
        ? `, ${least} or more`
        : most !== undefined
          ? `, ${most} or less`
          : "";
  const lengths =
    short > 1
      ? `, at least ${short} characters`
      : long !== undefined && long < STRING_LIMIT
        ? `, up to ${long} characters`
        : "";
  const names = {
    [Kind.string]: `text${lengths}`,
    [Kind.integer]: `whole number${bounds}`,
    [Kind.number]: `number${bounds}`,
    [Kind.boolean]: "true or false",
    [Kind.user]: "person",
    [Kind.channel]: "channel",
    [Kind.role]: "role",
    [Kind.mentionable]: "person or role",
    [Kind.attachment]: "file",
  };
  return names[option.type] ?? "";
}
