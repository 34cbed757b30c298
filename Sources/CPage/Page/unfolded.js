/** What a reader unfolded: how much of each text is shown, and which folds are open. Kept beside the rows, which come and go. */
export class Unfolded {
  #limits = new Map();
  #open = new Map();
  #changed;

  constructor(changed) {
    this.#changed = changed;
  }

  limit(key) {
    return this.#limits.get(String(key)) ?? 4_000;
  }

  /** Shows more of a text; `key` begins with its row's number. */
  setLimit(key, limit) {
    this.#limits.set(String(key), limit);
    this.#changed(Number.parseInt(key, 10));
  }

  isOpen(key, byDefault = false) {
    return this.#open.get(String(key)) ?? byDefault;
  }

  setOpen(key, isOpen) {
    this.#open.set(String(key), isOpen);
  }
}
