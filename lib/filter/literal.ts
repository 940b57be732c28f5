/**
 * Values are text, but `\xHH` can write any bytes. Those that are no UTF-8 stand in a value's text as the lone surrogates
 * U+DC80 … U+DCFF, which no other text has.
 */
const LONE = /[\udc80-\udcff]/

/** The text of bytes. */
export function textOfBytes(bytes: readonly number[]): string {
  let text = ''
  for (let i = 0; i < bytes.length;) {
    const length = sequenceLength(bytes, i)
    text += length === 0 ? String.fromCharCode(0xdc00 + bytes[i]) : Buffer.from(bytes.slice(i, i + length)).toString()
    i += length || 1
  }
  return text
}

/** Bytes of the well-formed UTF-8 sequence at `i`; 0 if there is none. */
function sequenceLength(bytes: readonly number[], i: number): number {
  const lead = bytes[i]
  const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
  // Buffer writes U+FFFD for what is no UTF-8, which then is no more what was read.
  const sequence = Buffer.from(bytes.slice(i, i + length))
  return Buffer.from(sequence.toString()).equals(sequence) ? length : 0
}

/** The bytes of a value. */
export function bytesOfText(text: string): Uint8Array {
  if (!hasBytes(text)) return Buffer.from(text)
  const parts: Buffer[] = []
  for (const char of text) parts.push(LONE.test(char) && char.length === 1 ? Buffer.of(char.charCodeAt(0) - 0xdc00) : Buffer.from(char))
  return Buffer.concat(parts)
}

/** The value as the text of an event would be: what is no UTF-8 is U+FFFD there. */
export function plainText(text: string): string {
  return hasBytes(text) ? Buffer.from(text).toString() : text
}

/** Has it bytes that are no UTF-8? */
export function hasBytes(text: string): boolean {
  return LONE.test(text) && Array.from(text).some(char => char.length === 1 && LONE.test(char))
}

/** The value in double quotes, so that both grammars read it back. */
export function quoted(text: string): string {
  let out = '"'
  for (const char of text) {
    const code = char.charCodeAt(0)
    if (char === '"' || char === '\\') out += `\\${char}`
    else if (code < 0x20 || code === 0x7f) out += hex(code)
    else if (char.length === 1 && code >= 0xdc80 && code <= 0xdcff) out += hex(code - 0xdc00)
    else out += char
  }
  return `${out}"`
}

function hex(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`
}
