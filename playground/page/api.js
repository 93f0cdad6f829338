/** The page's requests to the playground server. */

/** The server refused a request. The message is shown to the person. */
export class Refused extends Error {}

const UNREACHABLE = "Can't reach the playground. Is it still running?";

async function request(path, init) {
  let response;
  try {
    response = await fetch(path, init);
  } catch {
    throw new Refused(UNREACHABLE);
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(body.message ?? `The playground responded with status ${response.status}.`);
  return body;
}

/** Posts JSON, or multipart when there are files: `payload` is the JSON, in which a file is the name of its field. */
function post(path, body, files = new Map()) {
  if (!files.size) {
    return request(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  }
  const form = new FormData();
  form.append("payload", JSON.stringify(body));
  for (const [field, file] of files) form.append(field, file, file.name);
  return request(path, { method: "POST", body: form });
}

export class Api {
  /**
   * @param {() => string | null} me returns the user id of the person who acts, null before it is known
   * @param {() => string} locale returns that person's locale
   */
  constructor(me, locale) {
    this.me = me;
    this.locale = locale;
  }

  #withUser(body) {
    return { user: this.me(), locale: this.locale(), ...body };
  }

  state(user) {
    return request(`/page/state?user=${encodeURIComponent(user)}`);
  }

  /** @param {{channel: string, path: string[], options?: Object, type?: number, target?: string}} command */
  command(command, files) {
    return post("/page/commands", this.#withUser({ type: 1, ...command }), files);
  }

  async autocomplete(question, signal) {
    const init = {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(this.#withUser(question)),
      signal,
    };
    return (await request("/page/autocomplete", init)).choices ?? [];
  }

  component(channel, message, customId, values = null) {
    return post("/page/components", this.#withUser({ channel, message, custom_id: customId, values }));
  }

  modal(channel, interactionId, customId, components, files) {
    return post(
      "/page/modals",
      this.#withUser({ channel, interaction_id: interactionId, custom_id: customId, components }),
      files,
    );
  }

  react(channel, message, emoji, on) {
    return post("/page/reactions", this.#withUser({ channel, message, emoji, on }));
  }

  /** @param {string | null} replyTo the message that is replied to */
  say(channel, content, replyTo = null) {
    return post("/page/messages", this.#withUser({ channel, content, ...(replyTo && { message: replyTo }) }));
  }

  /** Opens the DM channel with the bot. */
  async openDirect() {
    return (await post("/page/dms", this.#withUser({}))).channel;
  }

  remove(channel, message) {
    return post("/page/messages/delete", this.#withUser({ channel, message }));
  }
}
