/** Handles presses inside messages. One listener for all, because the nodes of a message may be replaced any time. */

import { Refused } from "./api.js";
import { findComponent, selectItems } from "./components.js";
import { nameIn } from "./localization.js";
import { openLightbox } from "./lightbox.js";
import { openMessageMenu, openPersonMenu } from "./menu.js";
import { openEmojiPicker } from "./reactions.js";
import { openSelectMenu } from "./select_menu.js";

export class MessageActions {
  /**
   * @param {{store: import("./store.js").Store, api: import("./api.js").Api,
   *   interactions: import("./interactions.js").Interactions, list: HTMLElement, say: (sentence: string) => void,
   *   begin: (line: string) => void, run: (line: string) => void,
   *   reply: (message: object) => void}} page
   */
  constructor(page) {
    Object.assign(this, page);
    this.list.addEventListener("click", (event) => this.#clicked(event));
    this.list.addEventListener("contextmenu", (event) => this.#menu(event));
    this.list.addEventListener("keydown", (event) => this.#key(event));
  }

  react(message, emoji, on) {
    this.#try(() => this.api.react(message.channel_id, message.id, emoji, on));
  }

  remove(message) {
    this.#try(() => this.api.remove(message.channel_id, message.id));
  }

  menuCommand(command, target) {
    const { channel } = this.store;
    this.#try(() =>
      this.interactions.command(
        nameIn(command, this.store.locale),
        () => this.api.command({ channel, path: [command.name], type: command.type, target }),
        true,
      ),
    );
  }

  #message(target) {
    return this.store.message(target.closest("[data-message-id]")?.dataset.messageId);
  }

  #clicked(event) {
    const target = event.target.closest("[data-act]");
    if (!target || target.getAttribute("aria-disabled") === "true") return;
    const message = this.#message(target);
    const act = {
      "open-picture": () => this.#openPicture(target),
      reveal: () => {
        target.dataset.revealed = "";
      },
      press: () => this.#press(message, target.dataset.customId),
      "open-select": () => this.#openSelect(message, target),
      "toggle-reaction": () =>
        this.react(message, target.dataset.emoji, target.getAttribute("aria-pressed") !== "true"),
      "add-reaction": () => openEmojiPicker(target, (emoji) => this.react(message, emoji, true)),
      "message-menu": () => openMessageMenu(target, message, this.#page()),
      "person-menu": () => openPersonMenu(target, target.dataset.person, this.#page()),
      dismiss: () =>
        message ? this.remove(message) : this.interactions.forget(target.closest("[data-sent]").dataset.sent),
      "go-to": () => this.#goTo(target.dataset.target),
      starter: () => this.begin(target.dataset.line),
      example: () => this.run(target.dataset.line),
    }[target.dataset.act];
    act?.();
  }

  #page() {
    return { store: this.store, actions: this };
  }

  #menu(event) {
    const message = this.#message(event.target);
    if (!message || event.shiftKey) return;
    event.preventDefault();
    const person = event.target.closest("[data-person]");
    const point = { x: event.clientX, y: event.clientY };
    if (person) openPersonMenu(point, person.dataset.person, this.#page());
    else openMessageMenu(point, message, this.#page());
  }

  #key(event) {
    const spoiler = event.target.matches(".md-spoiler") && (event.key === "Enter" || event.key === " ");
    if (spoiler) {
      event.preventDefault();
      event.target.click();
      return;
    }
    if (!event.target.matches(".message[data-message-id]")) return;
    if (event.key === "Enter" || event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey)) {
      event.preventDefault();
      openMessageMenu(event.target.querySelector("[data-act=message-menu]"), this.#message(event.target), this.#page());
    }
  }

  #openPicture(target) {
    if (target.hasAttribute("data-spoiler") && !target.hasAttribute("data-revealed")) {
      target.dataset.revealed = "";
      return;
    }
    const all = [...target.closest(".message").querySelectorAll("[data-act=open-picture]")].filter(
      (each) => !each.hasAttribute("data-spoiler") || each.hasAttribute("data-revealed"),
    );
    const pictures = all.map((each) => each.querySelector("img")).map((image) => ({ src: image.src, alt: image.alt }));
    openLightbox(pictures, all.indexOf(target));
  }

  #press(message, customId, values = null) {
    this.interactions.component(message, customId, () =>
      this.api.component(message.channel_id, message.id, customId, values),
    );
  }

  #openSelect(message, target) {
    const { customId } = target.dataset;
    const component = findComponent(message.components, customId);
    const key = `${message.id}/${customId}`;
    const items = selectItems(component, this.store);
    openSelectMenu(target, {
      items,
      label: component.placeholder ?? "Make a selection",
      least: component.min_values ?? 1,
      most: component.max_values ?? 1,
      values: this.store.picked.get(key) ?? items.filter((item) => item.selected).map((item) => item.value),
      onDone: (values) => {
        this.store.picked.set(key, values);
        this.#press(message, customId, values);
      },
    });
  }

  #goTo(id) {
    const found = this.list.querySelector(`[data-message-id="${CSS.escape(id)}"]`);
    if (!found) return;
    found.scrollIntoView({
      block: "center",
      behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth",
    });
    found.focus({ preventScroll: true });
  }

  async #try(act) {
    try {
      await act();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.say(error.message);
    }
  }
}
