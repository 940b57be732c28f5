/** Rates of counters that grow: how many there were since the last look, per second. */
export class Meter {
  /** Length of the period that rate() is about, in ms, and of all until now. */
  ms = 0
  totalMs = 0
  #started = performance.now()
  #at = this.#started
  readonly #before = new Map<string, number>()

  /** It begins now: what was prepared before took its time. */
  start(): void {
    this.#started = this.#at = performance.now()
  }

  /** Ends a period; the final one is from the beginning. */
  step(final: boolean): void {
    const now = performance.now()
    if (final) {
      this.#at = this.#started
      this.#before.clear()
    }
    this.ms = now - this.#at
    this.totalMs = now - this.#started
    this.#at = now
  }

  /** Once per period. */
  rate(name: string, count: number): number {
    const grown = count - (this.#before.get(name) ?? 0)
    this.#before.set(name, count)
    return this.ms > 0 ? Math.round(grown / this.ms * 1000) : 0
  }
}
