import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Interactions } from "../../../playground/page/interactions.js";
import { Store } from "../../../playground/page/store.js";

const state = (messages = []) => ({
  users: [{ id: "2", username: "admin" }],
  me: "2",
  bot: { id: "1", username: "Noisefox", online: true },
  guild: { id: "9", name: "Playground", roles: [] },
  channels: [
    { id: "21", name: "general", type: 0 },
    { id: "22", name: "art", type: 0 },
  ],
  commands: [],
  messages: { 21: messages },
});
const message = (id, more = {}) => ({ id, channel_id: "21", author: { id: "1" }, content: id, ...more });
const opened = (messages) => {
  const store = new Store();
  store.replace(state(messages));
  return store;
};
const settled = () => new Promise((resolve) => setImmediate(resolve));

// Interactions keeps an early answer for 15 seconds; node would wait for that timer before it exits.
mock.timers.enable({ apis: ["setTimeout"] });

test("messages are sorted by id and replaced by id", () => {
  const store = opened([message("100"), message("99")]);
  store.take("message", message("101"));
  store.take("message", message("99", { content: "changed" }));
  assert.deepEqual(
    store.messages().map((each) => each.content),
    ["changed", "100", "101"],
  );
  store.take("message_delete", { id: "100", channel_id: "21" });
  assert.deepEqual(
    store.messages().map((each) => each.id),
    ["99", "101"],
  );
});

test("a new message makes another channel unread until it is shown", () => {
  const store = opened();
  store.take("message", message("5", { channel_id: "22" }));
  assert.ok(store.unread.has("22"));
  store.show("22");
  assert.equal(store.unread.size, 0);
});

test("a sent command disappears when the response arrives, whichever comes first", async () => {
  for (const early of [true, false]) {
    const store = opened();
    const interactions = new Interactions(store, () => {});
    const answer = {
      interaction_id: "7",
      type: 4,
      message: message("8", { interaction_metadata: { id: "7" } }),
      modal: null,
    };
    const sent = interactions.command("imagine", async () => {
      if (early) interactions.take("answer", answer);
      return { interaction_id: "7" };
    });
    await settled();
    if (!early) {
      assert.equal(store.sent[0].label, "/imagine");
      interactions.take("answer", answer);
    }
    await sent;
    assert.deepEqual(store.sent, []);
    assert.equal(store.messages().length, 1);
  }
});

test("a failed command shows its error until it is dismissed", async () => {
  const store = opened();
  const interactions = new Interactions(store, () => {});
  const sent = interactions.command("imagine", async () => ({ interaction_id: "7" }));
  await settled();
  interactions.take("failure", { interaction_id: "7", message: "The application did not respond" });
  await sent;
  assert.equal(store.sent[0].problem, "The application did not respond");
  interactions.forget(store.sent[0].key);
  assert.deepEqual(store.sent, []);
});

test("a component is busy until the response, and a modal opens in its channel", async () => {
  const store = opened([message("8")]);
  const modals = [];
  const interactions = new Interactions(store, (...modal) => modals.push(modal));
  const pressed = interactions.component(store.messages()[0], "vary", async () => ({ interaction_id: "9" }));
  await settled();
  assert.ok(store.busy.has("8/vary"));
  interactions.take("answer", { interaction_id: "9", type: 9, message: null, modal: { custom_id: "form" } });
  await pressed;
  assert.equal(store.busy.size, 0);
  assert.deepEqual(modals, [[{ custom_id: "form" }, "9", "21"]]);
});

test("nothing waits for responses that were sent while the connection was lost", async () => {
  const store = opened([message("8")]);
  const interactions = new Interactions(store, () => {});
  const pressed = interactions.component(store.messages()[0], "again", async () => ({ interaction_id: "9" }));
  await settled();
  interactions.reconnected();
  await pressed;
  assert.equal(store.busy.size, 0);
  assert.match(store.faults.get("8"), /was lost/);
});
