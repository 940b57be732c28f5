import type { TextBuffer } from './textbuffer.js'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const REPLACEMENT = 0xfffd
const SHORT_ESCAPES: Readonly<Record<number, number>> = {
  0x08: 0x62, 0x09: 0x74, 0x0a: 0x6e, 0x0c: 0x66, 0x0d: 0x72, [QUOTE]: QUOTE, [BACKSLASH]: BACKSLASH,
}

/** Begins a JSON string: its text is what is added from here to `closeString`. */
export function openString(out: TextBuffer): number {
  out.reserve(0)
  out.byte(QUOTE)
  return out.length
}

/**
 * Ends the JSON string that began at `start`. Like sysdig's JSON it is ASCII: characters beyond it are \u escapes with
 * small digits, and U+FFFD stands for bytes that are not UTF-8.
 */
export function closeString(out: TextBuffer, start: number): void {
  if (!out.isPlain(start)) escape(out, start)
  out.reserve(0)
  out.byte(QUOTE)
}

function escape(out: TextBuffer, start: number): void {
  const bytes = Uint8Array.prototype.slice.call(out.bytes, start, out.length)
  out.length = start
  for (let at = 0; at < bytes.length; at++) {
    out.reserve(0)
    const byte = bytes[at]
    const short = SHORT_ESCAPES[byte]
    if (short !== undefined) {
      out.byte(BACKSLASH)
      out.byte(short)
    } else if (byte < 0x20) {
      writeEscape(out, byte)
    } else if (byte < 0x80) {
      out.byte(byte)
    } else {
      const size = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : byte < 0xf8 ? 4 : 1
      const isWhole = at + size <= bytes.length && size > 1
      writeCodePoint(out, isWhole ? codePoint(bytes, at, size) : REPLACEMENT)
      if (isWhole) at += size - 1
    }
  }
}

/** The smallest code points that need so many bytes. */
const SMALLEST = [0, 0, 0x80, 0x800, 0x1_0000]

function codePoint(bytes: Uint8Array, at: number, size: number): number {
  let code = bytes[at] & (0x7f >> size)
  for (let i = 1; i < size; i++) code = (code << 6) | (bytes[at + i] & 0x3f)
  return code < SMALLEST[size] || (code >= 0xd800 && code <= 0xdfff) ? REPLACEMENT : code
}

function writeCodePoint(out: TextBuffer, code: number): void {
  if (code < 0x80) return out.byte(code)
  if (code < 0x1_0000) return writeEscape(out, code)
  writeEscape(out, 0xd800 + (((code - 0x1_0000) >> 10) & 0x3ff))
  writeEscape(out, 0xdc00 + (code & 0x3ff))
}

function writeEscape(out: TextBuffer, code: number): void {
  out.text(`\\u${code.toString(16).padStart(4, '0')}`)
}
