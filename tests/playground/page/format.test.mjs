import assert from "node:assert/strict";
import { test } from "node:test";

import { bytes, initials, messageTime, timestamp } from "../../../playground/page/format.js";

test("sizes", () => {
  assert.deepEqual([0, 512, 1536, 20480, 10 * 1024 * 1024, undefined].map(bytes), [
    "0 bytes",
    "512 bytes",
    "1.5 KB",
    "20 KB",
    "10 MB",
    "",
  ]);
});

test("initials differ for each user", () => {
  assert.deepEqual(["admin", "member one", "member two", "Noisefox", ""].map(initials), ["A", "M1", "M2", "N", "?"]);
});

test("times of messages: today, yesterday, earlier", () => {
  const now = new Date(2026, 4, 3, 15, 0);
  assert.equal(messageTime(new Date(2026, 4, 3, 9, 5), now, "en-GB"), "9:05");
  assert.equal(messageTime(new Date(2026, 4, 2, 23, 5), now, "en-GB"), "Yesterday at 23:05");
  assert.equal(messageTime(new Date(2025, 0, 2, 23, 5), now, "en-GB"), "2 Jan 2025, 23:05");
});

test("timestamps relative to now", () => {
  const now = new Date(2026, 4, 3, 15, 0);
  assert.equal(timestamp(new Date(2026, 4, 3, 14, 0), "R", now, "en-GB"), "1 hour ago");
  assert.equal(timestamp(new Date(2026, 4, 3, 15, 0, 40), "R", now, "en-GB"), "in 40 seconds");
  assert.match(timestamp(new Date(2026, 4, 3, 14, 0), "D", now, "en-GB"), /3 May 2026/);
});
