import type { TextBuffer } from '../event/textbuffer.js'

/** What a field's text can be put through, as %tolower(proc.name). */
export interface Transformer {
  /** Its result is a number. */
  readonly isNumber: boolean
  /** Changes what `out` has from `start` on; false, and nothing left of it, where nothing comes of it. */
  write(out: TextBuffer, start: number): boolean
}

function ofText(transform: (text: string) => string | undefined, isNumber = false): Transformer {
  return {
    isNumber,
    write: (out, start) => {
      const text = transform(out.take(start))
      if (text === undefined) return false
      out.text(text)
      return true
    },
  }
}

/** Those of libs 0.17 to 0.19. */
export const TRANSFORMERS: Readonly<Record<string, Transformer>> = {
  tolower: ofText((text) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())),
  toupper: ofText((text) => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase())),
  basename: ofText((text) => text.slice(text.lastIndexOf('/') + 1)),
  b64: ofText((text) => (/^[\w+/]+={0,2}$/.test(text) ? Buffer.from(text, 'base64').toString() : undefined)),
  len: ofText((text) => `${Buffer.byteLength(text)}`, true),
}
