/** The server's live events, kept up over restarts. */

const KINDS = ["message", "message_delete", "commands", "bot", "typing", "answer", "failure", "channels"];
const FIRST_WAIT = 500;
const LONGEST_WAIT = 4000;

/**
 * Follows one person's events. After every connection the whole state is read again; events that come meanwhile wait,
 * so that none is lost between the two.
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

  /** Begins to follow as this person; ends following anyone else. */
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
        if (round === this.#round) this.#again(user);
      }
    };
    source.onerror = () => {
      if (round === this.#round) this.#again(user);
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

  #again(user) {
    this.stop();
    this.handlers.onConnection(false);
    this.#timer = setTimeout(() => this.#open(user), this.#wait);
    this.#wait = Math.min(this.#wait * 1.6, LONGEST_WAIT);
  }
}
