import assert from "node:assert/strict";
import { test } from "node:test";

import { Kind } from "../../../playground/page/command_line.js";
import { fixedSuggestions, kindHint, readValue } from "../../../playground/page/option_values.js";

const PLACES = {
  users: [
    { id: "2", username: "admin" },
    { id: "3", username: "member one" },
  ],
  channels: [
    { id: "21", name: "general", type: 0 },
    { id: "30", name: "Noisefox", type: 1 },
  ],
  roles: [{ id: "12", name: "artists" }],
};
const value = (option, text) => readValue(option, text, PLACES).value;
const problem = (option, text) => readValue(option, text, PLACES).problem;

test("an empty option has no value, and a problem if it is required", () => {
  assert.deepEqual(readValue({ type: Kind.string }, "  ", PLACES), {});
  assert.match(problem({ type: Kind.string, required: true }, ""), /required/);
});

test("whole numbers", () => {
  const steps = { type: Kind.integer, min_value: 1, max_value: 150 };
  assert.equal(value(steps, " 20 "), 20);
  assert.equal(value({ type: Kind.integer }, "-3"), -3);
  for (const text of ["20.5", "1e2", "many", "0x10"]) assert.equal(problem(steps, text), "Enter a whole number.");
  assert.equal(problem(steps, "151"), "Enter a number from 1 to 150.");
  assert.match(problem({ type: Kind.integer }, "99999999999999999999"), /too large/);
});

test("decimal numbers", () => {
  assert.equal(value({ type: Kind.number }, "7.5"), 7.5);
  assert.equal(value({ type: Kind.number }, ".5"), 0.5);
  assert.equal(problem({ type: Kind.number, min_value: 0 }, "-1"), "Enter a number of at least 0.");
  assert.equal(problem({ type: Kind.number }, "Infinity"), "Enter a number.");
});

test("an emoji counts as one character", () => {
  assert.equal(value({ type: Kind.string, max_length: 2 }, "🦊🦊"), "🦊🦊");
  assert.match(problem({ type: Kind.string, max_length: 2 }, "abc"), /at most 2/);
  assert.match(problem({ type: Kind.string, min_length: 3 }, "ab"), /at least 3/);
});

test("choices by name or by value", () => {
  const size = { type: Kind.string, choices: [{ name: "Square", value: "512x512" }] };
  assert.equal(value(size, "square"), "512x512");
  assert.equal(value(size, "512x512"), "512x512");
  assert.equal(problem(size, "round"), "Choose one from the list.");
});

test("booleans, users, channels and roles", () => {
  assert.equal(value({ type: Kind.boolean }, "Yes"), true);
  assert.equal(value({ type: Kind.boolean }, "false"), false);
  assert.ok(problem({ type: Kind.boolean }, "perhaps"));
  assert.equal(value({ type: Kind.user }, "@Member One"), "3");
  assert.equal(value({ type: Kind.user }, "<@2>"), "2");
  assert.ok(problem({ type: Kind.user }, "@nobody"));
  assert.equal(value({ type: Kind.channel }, "#general"), "21");
  assert.equal(value({ type: Kind.role }, "artists"), "12");
  assert.equal(value({ type: Kind.mentionable }, "@artists"), "12");
});

test("the values to pick from match the typed text", () => {
  const labels = (option, text) => fixedSuggestions(option, text, PLACES).map((item) => item.label);
  assert.deepEqual(labels({ type: Kind.boolean }, "t"), ["True"]);
  assert.deepEqual(labels({ type: Kind.user }, "@mem"), ["@member one"]);
  assert.deepEqual(labels({ type: Kind.channel }, ""), ["#general"]);
  assert.deepEqual(labels({ type: Kind.boolean }, "True"), ["True", "False"]);
  assert.deepEqual(labels({ type: Kind.string }, "x"), []);
});

test("the hint describes the values", () => {
  assert.equal(kindHint({ type: Kind.integer, min_value: 1, max_value: 150 }), "whole number, 1 to 150");
  assert.equal(kindHint({ type: Kind.string, max_length: 6000 }), "text");
  assert.equal(kindHint({ type: Kind.attachment }), "file");
});
