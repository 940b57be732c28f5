/**
 * How something that runs has ended. What it failed with is told once: by `ended`, if that was asked for and has failed when it is to be
 * closed; otherwise by close().
 */
export class Outcome {
  /** For those who tell nobody of it. */
  readonly settled: Promise<void>
  #asked = false
  #over = false

  constructor(settled: Promise<void>) {
    this.settled = settled
    const over = () => { this.#over = true }
    settled.then(over, over)
  }

  get ended(): Promise<void> {
    this.#asked = true
    return this.settled
  }

  /** Has `ended` told it? */
  get isTold(): boolean {
    return this.#asked && this.#over
  }
}
