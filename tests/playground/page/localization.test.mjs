import assert from "node:assert/strict";
import { test } from "node:test";

import { localeFor } from "../../../playground/page/localization.js";

test("a browser's language maps to a locale of the page", () => {
  const wanted = ["es-ES", "es", "es-MX", "es-419", "en-GB", "de", "est"];
  assert.deepEqual(wanted.map(localeFor), ["es-ES", "es-ES", "es-419", "es-419", "en-US", "en-US", "en-US"]);
});
