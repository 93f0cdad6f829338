/** The state of the page: users, channels, commands and messages. Calls listeners after changes. No DOM. */

const MESSAGES_LIMIT = 300;
const TYPING_MS = 9000;

/** Compares snowflakes by time. */
export function compareIds(a, b) {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

export class Store {
  users = [];
  me = null;
  /** the user's locale */
  locale = "en-US";
  bot = { id: "", username: "", online: true };
  guild = { id: "", name: "", roles: [] };
  /** what the first screen says, by locale */
  note = {};
  channels = [];
  commands = [];
  /** the id of the shown channel */
  channel = null;
  live = true;
  /** ids of channels with unread messages */
  unread = new Set();
  /** `message id/custom id` of components that wait for the bot */
  busy = new Set();
  /** message id -> the error message below its components */
  faults = new Map();
  /** chosen values of selects, by `message id/custom id` */
  picked = new Map();
  /** sent commands without a response: {id, key, channel, label, at, problem} */
  sent = [];

  #messages = new Map();
  #typing = new Map();
  #listeners = new Map();

  /** @param {"messages" | "places" | "commands" | "connection"} topic @param {() => void} listener */
  on(topic, listener) {
    this.#listeners.set(topic, [...(this.#listeners.get(topic) ?? []), listener]);
  }

  changed(...topics) {
    for (const topic of topics) (this.#listeners.get(topic) ?? []).forEach((listener) => listener());
  }

  /** Replaces the state by the server's. */
  replace(state) {
    const { users, me, bot, guild, note, channels, commands, messages } = state;
    if (me !== this.me) {
      this.sent = [];
      this.unread.clear();
      this.busy.clear();
      this.faults.clear();
      this.picked.clear();
    }
    Object.assign(this, { users, me, bot, guild, note: note ?? {}, channels, commands });
    this.#messages = new Map(
      Object.entries(messages ?? {}).map(([id, list]) => [id, [...list].sort((a, b) => compareIds(a.id, b.id))]),
    );
    const answered = new Set(
      Object.values(messages ?? {})
        .flat()
        .map((message) => message.interaction_metadata?.id),
    );
    this.sent = this.sent.filter((each) => !answered.has(each.id));
    if (!channels.some((channel) => channel.id === this.channel)) this.channel = channels[0]?.id ?? null;
    this.changed("places", "commands", "messages");
  }

  /** Applies an event. Interactions handles `answer` and `failure`. */
  take(kind, data) {
    if (kind === "message") this.putMessage(data);
    else if (kind === "message_delete") this.dropMessage(data.channel_id, data.id);
    else if (kind === "commands") {
      this.commands = data;
      this.changed("commands", "messages");
    } else if (kind === "bot") {
      this.bot = { ...this.bot, ...data };
      this.changed("connection", "places");
    } else if (kind === "channels") {
      this.channels = data;
      this.changed("places");
    } else if (kind === "typing") {
      this.#typing.set(data.channel_id, Date.now() + TYPING_MS);
      this.changed("connection");
      setTimeout(() => this.changed("connection"), TYPING_MS + 50);
    }
  }

  putMessage(message) {
    const list = this.#messages.get(message.channel_id) ?? [];
    const at = list.findIndex((each) => each.id === message.id);
    if (at >= 0) list[at] = message;
    else {
      list.push(message);
      list.sort((a, b) => compareIds(a.id, b.id));
      list.splice(0, Math.max(0, list.length - MESSAGES_LIMIT));
      if (message.channel_id !== this.channel) {
        this.unread.add(message.channel_id);
        this.changed("places");
      }
      if (message.author?.id === this.bot.id) this.#typing.delete(message.channel_id);
    }
    this.#messages.set(message.channel_id, list);
    const interactionId = message.interaction_metadata?.id;
    if (interactionId) this.sent = this.sent.filter((each) => each.id !== interactionId);
    this.changed("messages", "connection");
  }

  dropMessage(channel, id) {
    this.#messages.set(
      channel,
      this.messages(channel).filter((each) => each.id !== id),
    );
    this.changed("messages");
  }

  show(channel) {
    this.channel = channel;
    this.unread.delete(channel);
    this.changed("places", "messages", "connection");
  }

  setLocale(locale) {
    this.locale = locale;
    this.changed("places", "commands", "messages");
  }

  setLive(live) {
    this.live = live;
    this.changed("connection");
  }

  messages(channel = this.channel) {
    return this.#messages.get(channel) ?? [];
  }
  message(id) {
    return this.messages().find((each) => each.id === id);
  }
  here() {
    return this.channels.find((each) => each.id === this.channel);
  }
  person() {
    return this.users.find((each) => each.id === this.me);
  }
  botIsTyping() {
    return (this.#typing.get(this.channel) ?? 0) > Date.now();
  }

  /** A user by id, the bot included. */
  user(id) {
    return id === this.bot.id ? this.bot : this.users.find((each) => each.id === id);
  }

  /** The name of a channel; for a DM the bot's name. */
  channelName(channel) {
    if (!channel) return "";
    return channel.name ?? this.bot.username;
  }

  get roles() {
    return this.guild.roles ?? [];
  }
}
