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

/** Up to here it is faster to add character to character than to call into C++. */
const SHORT = 24

/** The text in `memory` from `start` to `end`; bytes that are not UTF-8 become U+FFFD. */
export function utf8(memory: Uint8Array, start: number, end: number): string {
  if (end - start > SHORT) return slice.call(memory, start, end)
  let text = ''
  for (let i = start; i < end; i++) {
    const byte = memory[i]
    if (byte >= 0x80) return slice.call(memory, start, end)
    text += String.fromCharCode(byte)
  }
  return text
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
