/** How a parameter of the module's may differ from ours: no entry of differences.ts excuses more than it says. */
import type { Parameter } from './told.js'

export type Relation = (theirs: Parameter, ours: Parameter) => boolean

const FDLIST_ENTRY = 10
const SECOND = 1_000_000_000n
/** Programs, their data and their stacks lie behind these. */
const LOWEST_ADDRESS = 0x10000n

export const any: Relation = () => true
export const zero: Relation = theirs => theirs.bytes.length > 0 && theirs.bytes.every(byte => byte === 0)
export const empty: Relation = theirs => theirs.bytes.length === 0
/** The module has a value where we have none. */
export const noneOfOurs: Relation = (theirs, ours) => theirs.bytes.length > 0 && ours.bytes.length === 0
/** The module says `text` in place of what cannot be read. */
export const placeholder = (text: string): Relation => theirs => theirs.bytes.equals(Buffer.from(`${text}\0`))
/** A text of no characters in place of nothing. */
export const emptyText: Relation = (theirs, ours) => placeholder('')(theirs, ours) && ours.bytes.length === 0
export const minusOneOfOurs: Relation = (_, ours) => ours.bytes.length > 0 && ours.bytes.every(byte => byte === 0xff)
/** A negative int, as 64 bits without its sign. */
export const unsigned: Relation = (theirs, ours) => theirs.bytes.readBigInt64LE() === BigInt.asUintN(32, ours.bytes.readBigInt64LE())
export const zeroForMinusOne: Relation = (theirs, ours) => zero(theirs, ours) && ours.bytes.readBigInt64LE() === -1n
/** Flags: these we have and the module has not, those the other way round. */
export const flags = ({ ours: added = 0, module: taken = 0 }): Relation => (theirs, ours) =>
  number(theirs) === ((number(ours) & ~added) | taken) && number(theirs) !== number(ours)
/** Linux's bits where we have the driver's; others have none there. */
export const renumbered = (bits: readonly (readonly [linux: number, driver: number])[]): Relation => (theirs, ours) =>
  number(ours) === bits.reduce((sum, [linux, driver]) => sum | ((number(theirs) & linux) !== 0 ? driver : 0), 0)
/** A number that we say is 0. */
export const zeroOfOurs: Relation = (theirs, ours) => !zero(theirs, ours) && zero(ours, theirs)
/** Nanoseconds without what is less than a second. */
export const wholeSeconds: Relation = (theirs, ours) => number64(theirs) % SECOND === 0n && number64(theirs) < number64(ours)
export const beginsWithOurs: Relation = (theirs, ours) => theirs.bytes.length > ours.bytes.length && theirs.bytes.subarray(0, ours.bytes.length).equals(ours.bytes)
/** Where something lies, and what lies there: 0 if it cannot be read. */
export const address: Relation = (theirs, ours) => number64(theirs) >= LOWEST_ADDRESS || zero(ours, theirs)
/** All bits of a register, of which we say the lower half, that the call looks at. */
export const register: Relation = (theirs, ours) => BigInt.asUintN(32, number64(theirs)) === number64(ours)
/** Flags of which we leave out those that mean nothing, or the module does. */
export const masked = ({ ours = -1, module = -1 }): Relation => (theirs, own) =>
  number(own) === (number(theirs) & ours) >>> 0 || number(theirs) === (number(own) & module) >>> 0
/** The bytes as they are, where we have one of the types that the table gives the option. */
export const rawValue: Relation = (theirs, ours) => theirs.bytes[0] === 0 && ours.bytes[0] !== 0
/** Text in which the numbers are others; its end may be cut elsewhere. */
export const numbers: Relation = (theirs, ours) => {
  const [text, ourText] = [theirs, ours].map(({ bytes }) => bytes.toString('latin1').replace(/\d+/g, '0').slice(0, 60))
  return text === ourText
}
/** The family, then the name behind an @. */
export const atName: Relation = (theirs, ours) => theirs.bytes.equals(Buffer.concat([ours.bytes.subarray(0, 1), Buffer.from('@'), ours.bytes.subarray(1)]))
/** Without the descriptors that have no flags. */
export const readyOnly: Relation = (theirs, ours) => {
  const pairs = ({ bytes }: Parameter) => Array.from({ length: bytes.readUInt16LE() }, (_, i) => bytes.subarray(2 + i * FDLIST_ENTRY, 2 + (i + 1) * FDLIST_ENTRY))
  return Buffer.concat(pairs(ours).filter(pair => pair.readUInt16LE(8) !== 0)).equals(Buffer.concat(pairs(theirs)))
}

function number({ bytes }: Parameter): number {
  return bytes.readUIntLE(0, bytes.length)
}

function number64({ bytes }: Parameter): bigint {
  return bytes.readBigUInt64LE()
}
