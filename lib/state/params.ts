import { numberAt } from '../event/decode.js'
import type { Event } from '../event/event.js'
import { indexOfNul, nulSeparated, utf8 } from '../event/strings.js'

/*
 * Parameters as the state reads them: by index, with a value to fall back on where this version of the event does not have
 * the parameter, or the kernel could not read it. The record's reader has checked that all lengths stay inside the record.
 */

/** A signed 64-bit number: an fd, a pid, a result. */
export function int64(ev: Event, index: number, fallback: number): number {
  return index < ev.nparams && ev._paramLength(index) >= 8 ? numberAt(ev, ev._paramAt(index)) : fallback
}

export function uint64(ev: Event, index: number, fallback: bigint): bigint {
  return index < ev.nparams && ev._paramLength(index) >= 8 ? ev._view.getBigUint64(ev._paramAt(index), true) : fallback
}

export function uint32(ev: Event, index: number, fallback: number): number {
  return index < ev.nparams && ev._paramLength(index) >= 4 ? ev._view.getUint32(ev._paramAt(index), true) : fallback
}

export function uint8(ev: Event, index: number, fallback: number): number {
  return index < ev.nparams && ev._paramLength(index) >= 1 ? ev._view.getUint8(ev._paramAt(index)) : fallback
}

/** Text up to its NUL; undefined where there are no bytes. */
export function text(ev: Event, index: number): string | undefined {
  if (index >= ev.nparams) return undefined
  const length = ev._paramLength(index)
  if (length === 0) return undefined
  const at = ev._paramAt(index)
  return utf8(ev._memory, at, indexOfNul(ev._memory, at, at + length))
}

/** Strings that each end with a NUL. */
export function strings(ev: Event, index: number): string[] {
  if (index >= ev.nparams) return []
  const at = ev._paramAt(index)
  return nulSeparated(ev._memory, at, at + ev._paramLength(index))
}

/** Does the record carry this parameter, with at least one byte? */
export function has(ev: Event, index: number): boolean {
  return index < ev.nparams && ev._paramLength(index) > 0
}
