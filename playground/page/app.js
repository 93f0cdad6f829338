/** The composition root: builds the parts of the page and connects them. */

import { Api, Refused } from "./api.js";
import { Composer } from "./composer.js";
import { closePopover } from "./popover.js";
import { fill } from "./dom.js";
import { Interactions } from "./interactions.js";
import { LiveEvents } from "./events.js";
import { localeFor } from "./localization.js";
import { MessageActions } from "./message_actions.js";
import { mountSidebar } from "./sidebar.js";
import { mountTopbar } from "./topbar.js";
import { openModal } from "./modal.js";
import { Store } from "./store.js";
import { Timeline } from "./timeline.js";

/** The user at first. The playground always has the same users (state/world.py). */
const ADMIN = "1180000000000000002";

const part = (id) => document.getElementById(id);
const store = new Store();
const api = new Api(
  () => store.me,
  () => store.locale,
);
const interactions = new Interactions(store, (modal, interactionId, channel) =>
  openModal(modal, {
    store,
    botName: store.bot.username,
    submit: (components, files) =>
      interactions.modal(channel, () => api.modal(channel, interactionId, modal.custom_id, components, files)),
  }),
);
const timeline = new Timeline(store, {
  scroller: part("scroller"),
  list: part("timeline"),
  toLatest: part("to-latest"),
});
const composer = new Composer({ dock: part("dock"), store, api, interactions, onSent: () => timeline.toBottom() });
new MessageActions({
  store,
  api,
  interactions,
  list: part("timeline"),
  say: (sentence) => composer.complain(sentence),
  begin: (line) => composer.begin(line),
  run: (line) => composer.run(line),
  reply: (message) => composer.replyTo(message),
});

const drawer = (open) => {
  document.body.classList.toggle("drawer-open", open);
  part("scrim").hidden = !open;
};
mountTopbar({ element: part("topbar"), connection: part("connection"), store, onMenu: () => drawer(true) });
mountSidebar({ element: part("sidebar"), store, onChannel: show, onUser: switchUser, onNewDirect: showDirect, onLocale: setLocale });
part("scrim").addEventListener("click", () => drawer(false));
addEventListener("keydown", (event) => {
  if (event.key === "Escape") drawer(false);
});

/** Keeps user, channel and locale in the address, for reloads, bookmarks and other windows. */
function updateAddress() {
  const { me: user, channel, locale } = store;
  history.replaceState(null, "", `#${new URLSearchParams({ user, channel, locale })}`);
}

/** Changes the locale. Messages that are already there stay in their language. */
function setLocale(locale) {
  composer.reset();
  store.setLocale(locale);
  updateAddress();
}

function show(channel) {
  closePopover();
  drawer(false);
  store.show(channel);
  updateAddress();
  composer.focus();
}

async function showDirect() {
  try {
    const channel = await api.openDirect();
    if (!store.channels.some((each) => each.id === channel.id)) store.take("channels", [...store.channels, channel]);
    show(channel.id);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    composer.complain(error.message);
  }
}

let requestedUser = null;
const live = new LiveEvents({
  readState: () => api.state(requestedUser),
  onState(state) {
    store.replace(state);
    interactions.reconnected();
    updateAddress();
  },
  onEvent(kind, data) {
    if (kind === "answer" || kind === "failure") interactions.take(kind, data);
    else store.take(kind, data);
  },
  onConnection: (on) => store.setLive(on),
});

function switchUser(user) {
  closePopover();
  composer.reset();
  drawer(false);
  requestedUser = user;
  live.follow(user);
}

const address = new URLSearchParams(location.hash.slice(1));
store.channel = address.get("channel");
store.locale = localeFor(address.get("locale") ?? navigator.language);
switchUser(/^\d+$/.test(address.get("user") ?? "") ? address.get("user") : ADMIN);
