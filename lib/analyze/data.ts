import { latin1, utf8 } from '../event/strings.js'

/** What was read or written, a character per byte: a dot for each that is not printable. */
export function dotted(bytes: Uint8Array): string {
  return latin1(bytes, 0, bytes.length).replace(/[^\x20-\x7e]/g, '.')
}

/** What was read or written as text; what is not UTF-8 becomes U+FFFD. */
export function textual(bytes: Uint8Array): string {
  return utf8(bytes, 0, bytes.length)
}
