/** What the page knows: people, channels, commands and messages, and who wants to hear of changes. No DOM. */

const MOST_KEPT = 300;
const TYPING_MS = 9000;

/** Snowflakes in the order of time. */
export function compareIds(a, b) {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

export class Store {
  users = [];
  me = null;
  /** the language one reads, as Discord calls it */
  locale = "en-US";
  bot = { id: "", username: "", online: true };
  guild = { id: "", name: "", roles: [] };
  channels = [];
  commands = [];
  /** the channel that is shown */
  channel = null;
  live = true;
  /** channel ids with something not seen yet */
  unread = new Set();
  /** `message id/custom id` of components that wait for the bot */
  busy = new Set();
  /** message id -> the sentence that stands under its components */
  faults = new Map();
  /** what was picked in a select, by `message id/custom id` */
  picked = new Map();
  /** commands on their way: {id, key, channel, label, at, problem} */
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

  /** Takes a whole state of the server. */
  replace(state) {
    const { users, me, bot, guild, channels, commands, messages } = state;
    if (me !== this.me) {
      this.sent = [];
      this.unread.clear();
      this.busy.clear();
      this.faults.clear();
      this.picked.clear();
    }
    Object.assign(this, { users, me, bot, guild, channels, commands });
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

  /** Takes one live event; answers and failures are not the store's to handle. */
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
      list.splice(0, Math.max(0, list.length - MOST_KEPT));
      if (message.channel_id !== this.channel) {
        this.unread.add(message.channel_id);
        this.changed("places");
      }
      if (message.author?.id === this.bot.id) this.#typing.delete(message.channel_id);
    }
    this.#messages.set(message.channel_id, list);
    const begun = message.interaction_metadata?.id;
    if (begun) this.sent = this.sent.filter((each) => each.id !== begun);
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

  /** A person or the bot, by id. */
  user(id) {
    return id === this.bot.id ? this.bot : this.users.find((each) => each.id === id);
  }

  /** "general", or for direct messages the bot's name. */
  channelName(channel) {
    if (!channel) return "";
    return channel.name ?? this.bot.username;
  }

  get roles() {
    return this.guild.roles ?? [];
  }
}
