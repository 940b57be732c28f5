import { EVENTS } from './table.generated.js'
import { HEADER, HEADER_V1, hasLargeLengths, LEN, NPARAMS, TYPE } from './record.js'

/** Bytes behind the end of a record that recordLength() may look at: memory for records is that much longer. */
export const SLACK = 16

/**
 * The one check that every record from a file has to pass before it is shown, so that no accessor of Event can leave
 * it: header, lengths and parameters lie within `len`, and `len` within the `room` that the block has for it.
 *
 * Returns `len`, or 0 if the record is malformed. It is on the hot path, inlined into the cursors. A loop over the
 * lengths would end elsewhere for almost every record, and each wrong guess of the CPU costs as much as all of the rest
 * (17 ns a record against 11, on a 2 MB capture in memory): so up to six are added up at once, those beyond `nparams` as 0. Signed reads keep it in
 * 32 bits; what is too large comes out negative.
 */
export function recordLength(view: DataView, at: number, room: number): number {
  if (room < HEADER) return 0
  const len = view.getInt32(at + LEN, true)
  if (len < HEADER || len > room) return 0
  const nparams = view.getInt32(at + NPARAMS, true)
  if (nparams >>> 0 > 6 || hasLargeLengths(view.getUint16(at + TYPE, true))) return longRecordLength(view, at, len, nparams)
  const one = view.getInt32(at + HEADER, true)
  const two = view.getInt32(at + HEADER + 4, true)
  const three = view.getInt32(at + HEADER + 8, true)
  // k - nparams >> 31 is all ones where parameter k is there
  const sum = (one & 0xffff & 0 - nparams >> 31) + (one >>> 16 & 1 - nparams >> 31)
    + (two & 0xffff & 2 - nparams >> 31) + (two >>> 16 & 3 - nparams >> 31)
    + (three & 0xffff & 4 - nparams >> 31) + (three >>> 16 & 5 - nparams >> 31)
  return HEADER + 2 * nparams + sum > len ? 0 : len
}

/** The same for any number of parameters, and for types with u32 lengths: only the type says so, the block does not. */
function longRecordLength(view: DataView, at: number, len: number, nparams: number): number {
  const large = hasLargeLengths(view.getUint16(at + TYPE, true))
  const width = large ? 4 : 2
  if (nparams < 0 || nparams > (len - HEADER) / width) return 0
  let left = len - HEADER - width * nparams
  for (let i = 0, lengths = at + HEADER; i < nparams; i++) {
    left -= large ? view.getUint32(lengths + 4 * i, true) : view.getUint16(lengths + 2 * i, true)
  }
  return left < 0 ? 0 : len
}

/**
 * A record with the 22-byte header does not say how many parameters it has: as many of the table's as make its length
 * come out exactly. Returns their number, or -1 if the record is malformed.
 *
 * Two writers got `len` wrong, by a known number of bytes. It is put right in the memory, which is ours, so that nobody
 * after this has to know.
 */
export function paramsOfV1(view: DataView, at: number, room: number): number {
  if (room < HEADER_V1) return -1
  const len = view.getInt32(at + LEN, true)
  if (len < HEADER_V1) return -1
  const type = view.getUint16(at + TYPE, true)
  if (type >= EVENTS.length || hasLargeLengths(type)) return len > room ? -1 : 0
  const { params, excess } = (shapes ??= EVENTS.map(shapeOf))[type]
  for (const wrong of [excess, len > room ? TSHARK_EXCESS : 0]) {
    if (len - wrong < HEADER_V1 || len - wrong > room) continue
    const nparams = fittingParams(view, at + HEADER_V1, params, len - wrong - HEADER_V1)
    if (nparams < 0) continue
    if (wrong !== 0) view.setUint32(at + LEN, len - wrong, true)
    return nparams
  }
  return -1
}

/** The same for a ring, whose memory must not be written and in which `len` is right: parameters of a record of `len` bytes. */
export function paramsInV1(view: DataView, at: number, len: number): number {
  const type = view.getUint16(at + TYPE, true)
  if (type >= EVENTS.length || hasLargeLengths(type)) return 0
  return fittingParams(view, at + HEADER_V1, (shapes ??= EVENTS.map(shapeOf))[type].params, len - HEADER_V1)
}

/** The most parameters, but not more than `nparams`, that together with their lengths are `size` bytes. */
function fittingParams(view: DataView, lengths: number, nparams: number, size: number): number {
  for (; nparams >= 0; nparams--) {
    let sum = 2 * nparams
    for (let i = 0; i < nparams && sum <= size; i++) sum += view.getUint16(lengths + 2 * i, true)
    if (sum === size) return nparams
  }
  return -1
}

/** tshark -w leaves out `nparams` of today's records and lets `len` count it still, beyond the block. Seen with 4.0. */
const TSHARK_EXCESS = 4
/** libscap before 2018 wrote two types too long. Source: next() in scap_savefile.c. */
const NOTIFICATION_EXCESS = 3

interface Shape {
  /** Parameters in the table. */
  readonly params: number
  /** Bytes by which `len` is too large in old files. */
  readonly excess: number
}

let shapes: Shape[] | undefined

function shapeOf(event: string): Shape {
  const [constant, , , ...params] = event.split(' ')
  const notification = constant === 'PPME_NOTIFICATION_E' || constant === 'PPME_INFRASTRUCTURE_EVENT_E'
  return { params: params.length, excess: notification ? NOTIFICATION_EXCESS : 0 }
}
