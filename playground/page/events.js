/** Live events of the server. Reconnects when the connection is lost. */

const KINDS = ["message", "message_delete", "commands", "bot", "typing", "answer", "failure", "channels"];
const FIRST_WAIT = 500;
const LONGEST_WAIT = 4000;

/**
 * Receives the events of one user. After each connect it loads the whole state and holds back events until it is there,
 * so that none is lost in between.
 */
export class LiveEvents {
  #source = null;
  #timer = 0;
  #wait = FIRST_WAIT;
  #round = 0;

  /**
   * @param {{readState: () => Promise<object>, onState: (state: object) => void,
   *   onEvent: (kind: string, data: any) => void, onConnection: (live: boolean) => void}} handlers
   */
  constructor(handlers) {
    this.handlers = handlers;
  }

  /** Receives the events of this user, and no longer those of another one. */
  follow(user) {
    this.stop();
    this.#wait = FIRST_WAIT;
    this.#open(user);
  }

  stop() {
    this.#round += 1;
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }

  #open(user) {
    const round = this.#round;
    const source = new EventSource(`/page/events?user=${encodeURIComponent(user)}`);
    this.#source = source;
    let waiting = [];
    source.onopen = async () => {
      try {
        const state = await this.handlers.readState();
        if (round !== this.#round) return;
        this.handlers.onState(state);
        waiting.forEach(([kind, data]) => this.handlers.onEvent(kind, data));
        waiting = null;
        this.#wait = FIRST_WAIT;
        this.handlers.onConnection(true);
      } catch {
        if (round === this.#round) this.#reconnect(user);
      }
    };
    source.onerror = () => {
      if (round === this.#round) this.#reconnect(user);
    };
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => {
        if (round !== this.#round) return;
        const data = JSON.parse(event.data);
        if (waiting) waiting.push([kind, data]);
        else this.handlers.onEvent(kind, data);
      });
    }
  }

  #reconnect(user) {
    this.stop();
    this.handlers.onConnection(false);
    this.#timer = setTimeout(() => this.#open(user), this.#wait);
    this.#wait = Math.min(this.#wait * 1.6, LONGEST_WAIT);
  }
}
