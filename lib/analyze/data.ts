import { latin1, utf8 } from '../event/strings.js'
import type { Column } from './report.js'

/** Who has read or written, from or to what (under that title), which way, how much, and what it was. */
export function dataColumns(title: string): readonly Column[] {
  return [
    { name: 'proc.name', title: 'Process' }, { name: 'fd.name', title }, { name: 'evt.io_dir', title: 'Direction' },
    { name: 'evt.rawarg.res', title: 'Bytes', unit: 'bytes' }, { name: 'data', title: 'Data', unit: 'data' },
  ]
}

/** The fields of these, the bytes first. */
export const DATA_FIELDS = ['evt.buffer', 'proc.name', 'fd.name', 'evt.is_io_read', 'evt.rawarg.res'] as const

/** What was read or written, a character per byte: a dot for each that is not printable. */
export function dotted(bytes: Uint8Array): string {
  return latin1(bytes, 0, bytes.length).replace(/[^\x20-\x7e]/g, '.')
}

/** What was read or written as text; what is not UTF-8 becomes U+FFFD. */
export function textual(bytes: Uint8Array): string {
  return utf8(bytes, 0, bytes.length)
}
