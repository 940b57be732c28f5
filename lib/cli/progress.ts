/** A line on the terminal that says how far long work is; nothing where standard error is no terminal. */
export class Progress implements Disposable {
  readonly #text: () => string
  readonly #timer: NodeJS.Timeout | undefined
  #shown = 0

  constructor(text: () => string, enabled = process.stderr.isTTY === true) {
    this.#text = text
    if (enabled) this.#timer = setInterval(() => this.#show(), 500).unref()
  }

  #show(): void {
    const text = this.#text()
    process.stderr.write(`\r${text.padEnd(this.#shown)}`)
    this.#shown = text.length
  }

  /** Removes the line. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    if (this.#shown > 0) process.stderr.write(`\r${' '.repeat(this.#shown)}\r`)
    this.#shown = 0
  }
}
