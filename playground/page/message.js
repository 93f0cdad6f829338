/** A message as DOM nodes. message_actions.js handles presses, by their `data-act`. */

import { avatar } from "./avatar.js";
import { componentsView, dots } from "./components.js";
import { h, icon } from "./dom.js";
import { embedsView } from "./embeds.js";
import { longDate, messageTime } from "./format.js";
import { attachmentsView } from "./gallery.js";
import { parseMarkdown, plainText } from "./markdown.js";
import { markdown } from "./markdown_view.js";
import { reactionsView } from "./reactions.js";

const Flag = { ephemeral: 64, loading: 128 };

export function isEphemeral(message) {
  return Boolean((message.flags ?? 0) & Flag.ephemeral);
}

/**
 * @param {object} message
 * @param {import("./store.js").Store} store
 * @param {boolean} compact without avatar and name, because it continues the message before
 */
export function messageView(message, store, compact) {
  const ephemeral = isEphemeral(message);
  const date = new Date(message.timestamp);
  const author = message.author ?? { id: "", username: "unknown" };
  return h(
    "div",
    {
      class: `message${compact ? " compact" : ""}${ephemeral ? " ephemeral" : ""}${mentions(message, store) ? " mentioned" : ""}`,
      "data-message-id": message.id,
      "data-key": message.id,
      role: "article",
      tabindex: "-1",
      "aria-label": `${author.username}, ${messageTime(date)}`,
    },
    context(message, store),
    compact
      ? h("time", { class: "margin-time", datetime: message.timestamp }, messageTime(date))
      : avatar(author, store, { act: "person-menu" }),
    h(
      "div",
      { class: "message-main" },
      !compact && heading(author, date, message, store),
      body(message, store, compact),
      store.faults.has(message.id) && h("p", { class: "fault", role: "alert" }, store.faults.get(message.id)),
      reactionsView(message),
      ephemeral && onlyYou(),
    ),
    tools(ephemeral),
  );
}

/** A command that was sent, drawn like the response that will replace it. */
export function sentView(entry, store) {
  return h(
    "div",
    {
      class: `message ephemeral${entry.problem ? "" : " sending"}`,
      "data-key": `sent ${entry.key}`,
      "data-sent": entry.key,
      role: "article",
      tabindex: "-1",
    },
    usedLine(store.person(), entry.label, store),
    avatar(store.bot, store),
    h(
      "div",
      { class: "message-main" },
      heading(store.bot, entry.at, { timestamp: entry.at.toISOString() }, store),
      entry.problem ? h("p", { class: "fault", role: "alert" }, entry.problem) : thinking("Sending the command"),
      entry.problem && onlyYou(),
    ),
  );
}

function heading(author, date, { timestamp, edited_timestamp: edited }, store) {
  return h(
    "div",
    { class: "message-head" },
    h(
      "span",
      { class: "author", style: author.id === store.bot.id ? {} : { color: `var(--name-${nameTone(author, store)})` } },
      author.global_name ?? author.username,
    ),
    (author.bot || author.id === store.bot.id) && h("span", { class: "badge" }, "APP"),
    h("time", { datetime: timestamp, title: longDate(date) }, messageTime(date)),
    edited && editedMark(edited),
  );
}

function nameTone(author, store) {
  return (
    Math.max(
      0,
      store.users.findIndex((each) => each.id === author.id),
    ) % 3
  );
}

/** The line above a message: who used which command, or which message it replies to. */
function context(message, store) {
  const interaction = message.interaction_metadata;
  if (interaction?.name) {
    const menu = interaction.target_message_id || interaction.target_user;
    return usedLine(interaction.user, menu ? interaction.name : `/${interaction.name}`, store);
  }
  if (message.message_reference && "referenced_message" in message) return replyLine(message.referenced_message, store);
  return null;
}

function usedLine(user, command, store) {
  return h(
    "div",
    { class: "context" },
    h("span", { class: "context-hook", "aria-hidden": "true" }),
    avatar(user ?? {}, store, { small: true }),
    h("b", {}, user?.username ?? "somebody"),
    " used ",
    h("span", { class: "context-command" }, command),
  );
}

function replyLine(referenced, store) {
  const hook = h("span", { class: "context-hook", "aria-hidden": "true" });
  if (!referenced) return h("div", { class: "context" }, hook, h("i", {}, "Original message was deleted"));
  const text = plainText(parseMarkdown(referenced.content ?? "")).trim() || "A message with pictures";
  return h(
    "button",
    { type: "button", class: "context", "data-act": "go-to", "data-target": referenced.id },
    hook,
    avatar(referenced.author, store, { small: true }),
    h("b", {}, referenced.author?.username),
    h("span", { class: "context-text" }, text.slice(0, 160)),
  );
}

function body(message, store, compact) {
  if ((message.flags ?? 0) & Flag.loading) return thinking(`${message.author?.username ?? "The bot"} is thinking`);
  const text = message.content
    ? h("div", { class: "markdown", "data-key": "content" }, markdown(message.content, store))
    : null;
  return [
    text,
    attachmentsView(message.components?.length && message.flags & 32768 ? [] : message.attachments),
    embedsView(message.embeds, store),
    message.components?.length > 0 &&
      h(
        "div",
        { class: "components", "data-key": "components" },
        componentsView(message.components, { message, store }),
      ),
    compact && message.edited_timestamp && editedMark(message.edited_timestamp),
  ];
}

function editedMark(timestamp) {
  return h("span", { class: "edited", "data-key": "edited", title: messageTime(new Date(timestamp)) }, "(edited)");
}

function thinking(text) {
  return h("p", { class: "thinking", "data-key": "thinking" }, dots(), h("span", {}, `${text}…`));
}

function onlyYou() {
  return h(
    "p",
    { class: "only-you" },
    icon("eye"),
    "Only you can see this · ",
    h("button", { type: "button", class: "link", "data-act": "dismiss" }, "Dismiss message"),
  );
}

function tools(ephemeral) {
  return h(
    "div",
    { class: "tools", "data-key": "tools" },
    !ephemeral &&
      h(
        "button",
        {
          type: "button",
          tabindex: "-1",
          "data-act": "add-reaction",
          "aria-label": "Add reaction",
          title: "Add reaction",
        },
        icon("smile"),
      ),
    h(
      "button",
      {
        type: "button",
        tabindex: "-1",
        "data-act": "message-menu",
        "aria-label": "More",
        title: "More",
        "aria-haspopup": "menu",
      },
      icon("more"),
    ),
  );
}

function mentions(message, store) {
  return message.mentions?.some((user) => user.id === store.me);
}
