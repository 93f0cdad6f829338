/** The page's requests to the playground server. */

/** A request the server refused; the message is a sentence for the person at the page. */
export class Refused extends Error {}

const UNREACHABLE = "The playground cannot be reached. Is it still running?";

async function request(path, init) {
  let response;
  try {
    response = await fetch(path, init);
  } catch {
    throw new Refused(UNREACHABLE);
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(body.message ?? `The playground answered with status ${response.status}.`);
  return body;
}

/** JSON, or multipart where there are files: field `payload` holds the JSON, in which a file stands as its field's name. */
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
   * @param {() => string | null} me the id of the person who acts, null before it is known
   * @param {() => string} locale the language that person reads
   */
  constructor(me, locale) {
    this.me = me;
    this.locale = locale;
  }

  #acting(body) {
    return { user: this.me(), locale: this.locale(), ...body };
  }

  state(user) {
    return request(`/page/state?user=${encodeURIComponent(user)}`);
  }

  /** @param {{channel: string, path: string[], options?: Object, type?: number, target?: string}} command */
  command(command, files) {
    return post("/page/commands", this.#acting({ type: 1, ...command }), files);
  }

  async autocomplete(question, signal) {
    const init = {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(this.#acting(question)),
      signal,
    };
    return (await request("/page/autocomplete", init)).choices ?? [];
  }

  component(channel, message, customId, values = null) {
    return post("/page/components", this.#acting({ channel, message, custom_id: customId, values }));
  }

  modal(channel, interactionId, customId, components, files) {
    return post(
      "/page/modals",
      this.#acting({ channel, interaction_id: interactionId, custom_id: customId, components }),
      files,
    );
  }

  react(channel, message, emoji, on) {
    return post("/page/reactions", this.#acting({ channel, message, emoji, on }));
  }

  say(channel, content) {
    return post("/page/messages", this.#acting({ channel, content }));
  }

  /** Opens the direct messages with the bot. */
  async openDirect() {
    return (await post("/page/dms", this.#acting({}))).channel;
  }

  remove(channel, message) {
    return post("/page/messages/delete", this.#acting({ channel, message }));
  }
}
