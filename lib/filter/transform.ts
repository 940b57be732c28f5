import type { Value, ValueType } from '../field/field.js'

/** What a transformer makes of a value. */
export interface Transformer {
  /** The type of the result for a value of that type; undefined if it cannot be applied. */
  type(of: ValueType, list: boolean): ValueType | undefined
  /** Undefined where the result has no value. */
  apply(value: Value): Value | undefined
  /** What it makes of all values of a list together. */
  applyAll?(values: readonly Value[]): Value
}

const onText = (apply: (text: string) => string): Transformer => ({
  type: (of, list) => (of === 'CHARBUF' && !list ? of : undefined),
  apply: value => apply(value as string),
})

// ASCII only, as C's tolower in the C locale: other letters stay.
export const lowerAscii = (text: string): string =>
  ASCII.test(text) ? text.toLowerCase() : text.replace(/[A-Z]+/g, letters => letters.toLowerCase())
const upperAscii = (text: string): string =>
  ASCII.test(text) ? text.toUpperCase() : text.replace(/[a-z]+/g, letters => letters.toUpperCase())
const ASCII = /^[\x00-\x7f]*$/

/** By the names that they have in filters. */
export const TRANSFORMERS: ReadonlyMap<string, Transformer> = new Map<string, Transformer>([
  ['tolower', onText(lowerAscii)],
  ['toupper', onText(upperAscii)],
  ['basename', onText(path => path.slice(path.lastIndexOf('/') + 1))],
  ['b64', {
    type: (of, list) => ((of === 'CHARBUF' || of === 'BYTEBUF') && !list ? of : undefined),
    apply: value => (typeof value === 'string' ? decoded(value)?.toString() : decoded(Buffer.from(value as Uint8Array).toString('latin1'))),
  }],
  ['len', {
    type: (of, list) => (list || of === 'CHARBUF' || of === 'BYTEBUF' ? 'UINT64' : undefined),
    apply: value => (typeof value === 'string' ? Buffer.byteLength(value) : (value as Uint8Array).length),
    applyAll: values => values.length,
  }],
])

function decoded(text: string): Buffer | undefined {
  const digits = text.replace(/={1,2}$/, '')
  return /^[A-Za-z0-9+/]*$/.test(digits) && digits.length % 4 !== 1 ? Buffer.from(digits, 'base64') : undefined
}
