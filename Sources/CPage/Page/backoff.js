/** Delays before another try, in milliseconds: exponential with full jitter. */
export class Backoff {
  #failures = 0;

  constructor({ base = 250, cap = 15_000, random = Math.random } = {}) {
    this.base = base;
    this.cap = cap;
    this.random = random;
  }

  next() {
    const most = Math.min(this.cap, this.base * 2 ** this.#failures);
    this.#failures += 1;
    return Math.round(this.random() * most);
  }

  /** A connection held: the next failure is the first again. */
  reset() {
    this.#failures = 0;
  }
}
