/** Things that may wait for whoever loops over them, before those who can wait make no more. */
export const MAX_WAITING = 64

/** From those who make things at their own time to one who loops over them. Holds what has not been asked for yet. */
export class Channel<T> implements AsyncIterable<T> {
  #waiting: T[] = []
  #ended = false
  #failure: unknown
  #wake: (() => void) | undefined

  push(item: T): void {
    this.#waiting.push(item)
    this.#wake?.()
  }

  /** Nothing more comes. With an error the loop throws it, after what has come before. */
  end(failure?: unknown): void {
    this.#ended = true
    this.#failure ??= failure
    this.#wake?.()
  }

  /** Things that have not been asked for yet. */
  get length(): number {
    return this.#waiting.length
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      const items = this.#waiting
      this.#waiting = []
      yield* items
      if (this.#waiting.length > 0) continue
      if (this.#ended) break
      await new Promise<void>(wake => { this.#wake = wake })
      this.#wake = undefined
    }
    if (this.#failure !== undefined) throw this.#failure
  }
}
