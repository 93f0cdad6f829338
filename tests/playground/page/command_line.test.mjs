import assert from "node:assert/strict";
import { test } from "node:test";

import {
  Kind,
  leavesOf,
  matchLeaves,
  namedCommand,
  readOptions,
  writeLine,
} from "../../../playground/page/command_line.js";

const prompt = { name: "prompt", description: "", type: Kind.string, required: true };
const steps = { name: "steps", description: "", type: Kind.integer };
const COMMANDS = [
  { name: "imagine", description: "Draw a picture", type: 1, options: [prompt, steps] },
  { name: "queue", description: "What waits", type: 1 },
  { name: "Show settings", description: "", type: 3 },
  {
    name: "server",
    description: "",
    type: 1,
    options: [
      { name: "defaults", description: "Used when nothing is said", type: Kind.subcommand, options: [steps] },
      {
        name: "role",
        description: "",
        type: Kind.group,
        options: [{ name: "add", description: "", type: Kind.subcommand }],
      },
    ],
  },
];
const LEAVES = leavesOf(COMMANDS);

test("commands are listed in the order of the app", () => {
  const [queue, imagine] = [COMMANDS[1], COMMANDS[0]];
  assert.deepEqual(
    leavesOf([queue, imagine]).map((leaf) => leaf.name),
    ["queue", "imagine"],
  );
});

test("subcommands are listed as commands, context menu commands aren't", () => {
  assert.deepEqual(
    LEAVES.map((leaf) => leaf.name),
    ["imagine", "queue", "server defaults", "server role add"],
  );
  assert.deepEqual(LEAVES[3].path, ["server", "role", "add"]);
});

test("commands match by the beginning of their name, then the middle, then the description", () => {
  const names = (query) => matchLeaves(LEAVES, query).map((leaf) => leaf.name);
  assert.equal(names("").length, 4);
  assert.deepEqual(names("def"), ["server defaults"]);
  assert.deepEqual(names("server r"), ["server role add"]);
  assert.deepEqual(names("picture"), ["imagine"]);
  assert.deepEqual(names("zzz"), []);
});

test("a command's name must be a whole word", () => {
  assert.equal(namedCommand("/imagine a fox", LEAVES).leaf.name, "imagine");
  assert.equal(namedCommand("/imagine", LEAVES).rest, "");
  assert.equal(namedCommand("/server  defaults steps:4", LEAVES).rest, " steps:4");
  assert.equal(namedCommand("/imagined", LEAVES), null);
  assert.equal(namedCommand("/server", LEAVES), null);
  assert.equal(namedCommand("imagine", LEAVES), null);
});

test("options are parsed from a line", () => {
  assert.deepEqual(readOptions(" prompt:a red apple steps:20", [prompt, steps]), [
    ["prompt", "a red apple"],
    ["steps", "20"],
  ]);
  assert.deepEqual(readOptions(" steps:20 prompt: a fox ", [prompt, steps]), [
    ["steps", "20"],
    ["prompt", "a fox"],
  ]);
  assert.deepEqual(readOptions("", [prompt]), []);
});

test("a prompt may contain colons", () => {
  assert.deepEqual(readOptions("prompt:a sign: open, (soft:1.2), prompt:again", [prompt, steps]), [
    ["prompt", "a sign: open, (soft:1.2), prompt:again"],
  ]);
});

test("text without a name goes to the first string option", () => {
  assert.deepEqual(readOptions("a cute fox", [steps, prompt]), [["prompt", "a cute fox"]]);
  assert.deepEqual(readOptions("a cute fox steps:4", [prompt, steps]), [
    ["prompt", "a cute fox"],
    ["steps", "4"],
  ]);
  assert.deepEqual(readOptions("4", [steps]), []);
});

test("a command is written as the line it is parsed from", () => {
  assert.equal(writeLine(LEAVES[0], { prompt: "a fox", steps: "4" }), "/imagine prompt:a fox steps:4");
});

const SPANISH = leavesOf(
  [
    {
      name: "imagine",
      name_localizations: { "es-ES": "imaginar" },
      description: "Draw a picture",
      description_localizations: { "es-ES": "Dibuja una imagen" },
      type: 1,
      options: [
        { ...prompt, name_localizations: { "es-ES": "texto" } },
        {
          ...steps,
          name_localizations: { "es-ES": "pasos" },
          choices: [{ name: "few", name_localizations: { "es-ES": "pocos" }, value: 4 }],
        },
      ],
    },
  ],
  "es-ES",
);

test("a command is shown with its localized name and sent with its registered one", () => {
  const [leaf] = SPANISH;
  assert.deepEqual([leaf.name, leaf.path, leaf.description], ["imaginar", ["imagine"], "Dibuja una imagen"]);
  assert.deepEqual(
    leaf.options.map((option) => [option.name, option.key]),
    [
      ["texto", "prompt"],
      ["pasos", "steps"],
    ],
  );
  assert.equal(leaf.options[1].choices[0].name, "pocos");
});

test("localized and registered names are both accepted", () => {
  const [leaf] = SPANISH;
  assert.equal(namedCommand("/imaginar un zorro", SPANISH).rest, " un zorro");
  assert.equal(namedCommand("/imagine un zorro", SPANISH).rest, " un zorro");
  assert.equal(matchLeaves(SPANISH, "imagine").length, 1);
  const values = [
    ["texto", "un zorro"],
    ["pasos", "4"],
  ];
  assert.deepEqual(readOptions(" texto:un zorro pasos:4", leaf.options), values);
  assert.deepEqual(readOptions(" prompt:un zorro steps:4", leaf.options), values);
});
