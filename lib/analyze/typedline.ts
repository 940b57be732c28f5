// Keys as readline has them by default.
const [CTRL_C, CTRL_H, LF, CR, CTRL_U, CTRL_W, ESC, DEL] = [0x03, 0x08, 0x0a, 0x0d, 0x15, 0x17, 0x1b, 0x7f]
const BLANK = 0x20
/** Bytes of a line that are kept. */
const LONGEST = 4096

/** A line that somebody types, from the bytes that the keys send. Keys that move the cursor are left out, so what is typed then stands at the end. */
export class TypedLine {
  #bytes: number[] = []
  /** Inside of what ESC begins: just behind it, or in a sequence of several bytes. */
  #escape: 'no' | 'begun' | 'inside' = 'no'

  /** Gives the lines that these bytes end, but for empty ones. */
  type(bytes: Uint8Array): string[] {
    const whole: string[] = []
    for (const byte of bytes) {
      if (this.#isEscape(byte)) continue
      if (byte === CR || byte === LF) {
        if (this.#bytes.length > 0) whole.push(Buffer.from(this.#bytes).toString())
        this.#bytes = []
      } else {
        this.#key(byte)
      }
    }
    return whole
  }

  #key(byte: number): void {
    const line = this.#bytes
    switch (byte) {
      case CTRL_C: case CTRL_U:
        line.length = 0
        return
      case CTRL_H: case DEL:
        // The whole character, which may be several bytes of UTF-8.
        while (isContinuation(line.at(-1))) line.pop()
        line.pop()
        return
      case CTRL_W:
        while (line.at(-1) === BLANK) line.pop()
        while (line.length > 0 && line.at(-1) !== BLANK) line.pop()
        return
    }
    if (byte >= BLANK && line.length < LONGEST) line.push(byte)
  }

  /** ESC [ parameters letter, ESC O letter, ESC letter: ECMA-48. */
  #isEscape(byte: number): boolean {
    switch (this.#escape) {
      case 'no':
        if (byte === ESC) this.#escape = 'begun'
        return byte === ESC
      case 'begun':
        this.#escape = byte === 0x5b || byte === 0x4f ? 'inside' : 'no'
        return true
      case 'inside':
        if (byte >= 0x40 && byte <= 0x7e) this.#escape = 'no'
        return true
    }
  }
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80
}
