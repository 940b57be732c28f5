/** Text in records: UTF-8 by convention, any bytes in fact. */

// Buffer's decoder works on every Uint8Array and on read-only memory, and costs no object. It is on Buffer's prototype
// but not in its documentation, hence the fallback.
const slice: (this: Uint8Array, start: number, end: number) => string =
  (Buffer.prototype as unknown as { utf8Slice?: (start: number, end: number) => string }).utf8Slice ??
  function (this: Uint8Array, start, end) {
    return Buffer.from(this.buffer, this.byteOffset + start, end - start).toString()
  }

const latin1Slice: (this: Uint8Array, start: number, end: number) => string =
  (Buffer.prototype as unknown as { latin1Slice?: (start: number, end: number) => string }).latin1Slice ??
  function (this: Uint8Array, start, end) {
    return Buffer.from(this.buffer, this.byteOffset + start, end - start).toString('latin1')
  }

/** The bytes in `memory` from `start` to `end` as a string with one character each. */
export function latin1(memory: Uint8Array, start: number, end: number): string {
  return latin1Slice.call(memory, start, end)
}

/** What is longer is seldom met again soon; and each byte of what is has to be compared. */
const LONG = 128
/** Texts that were met lately, each in the one place that its bytes lead to: names and paths come again and again. */
const met: string[] = new Array<string>(4096).fill('')

/** The text in `memory` from `start` to `end`; bytes that are not UTF-8 become U+FFFD. */
export function utf8(memory: Uint8Array, start: number, end: number): string {
  const length = end - start
  if (length > LONG) return slice.call(memory, start, end)
  let hash = length
  for (let i = start; i < end; i++) {
    const byte = memory[i]
    if (byte >= 0x80) return slice.call(memory, start, end)
    hash = (Math.imul(hash, 31) + byte) | 0
  }
  const place = (hash ^ (hash >>> 12)) & (met.length - 1)
  const text = met[place]
  // Finding it again costs a tenth of making it, and it brings the hash along that tables of names look for.
  return text.length === length && isAscii(text, memory, start) ? text : (met[place] = latin1(memory, start, end))
}

/** Are the bytes from `start` on, all of them ASCII, the characters of `text`, of which there are as many? */
export function isAscii(text: string, memory: Uint8Array, start: number): boolean {
  for (let i = 0; i < text.length; i++) {
    const byte = memory[start + i]
    if (byte >= 0x80 || text.charCodeAt(i) !== byte) return false
  }
  return true
}

/** Offset of the first NUL in `memory` from `start` on, or `end`. */
export function indexOfNul(memory: Uint8Array, start: number, end: number): number {
  let i = start
  while (i < end && memory[i] !== 0) i++
  return i
}

/** A list of strings that each end with NUL; the last one may lack it where the driver has cut the list. */
export function nulSeparated(memory: Uint8Array, start: number, end: number): string[] {
  const strings: string[] = []
  while (start < end) {
    const nul = indexOfNul(memory, start, end)
    strings.push(utf8(memory, start, nul))
    start = nul + 1
  }
  return strings
}
