import { numberAt } from '../event/decode.js'
import type { Event } from '../event/event.js'
import { indexOfNul, utf8 } from '../event/strings.js'
import { EVENT_COUNT, eventInfo } from '../event/table.js'

const UNKNOWN = -2

/** A parameter by its name: where it is in a record. */
export class Param {
  readonly name: string
  /** Its place by event type. */
  readonly #places = new Int8Array(EVENT_COUNT).fill(UNKNOWN)

  constructor(name: string) {
    this.name = name
  }

  /** Its index in this record, -1 if the record does not have it. */
  indexIn(ev: Event): number {
    const type = ev.type
    if (type >= EVENT_COUNT) return -1
    let place = this.#places[type]
    if (place === UNKNOWN) place = this.#places[type] = eventInfo(type)!.params.findIndex(({ name }) => name === this.name)
    return place < ev.nparams ? place : -1
  }

  /** A signed number of 64 bits; undefined where there is none. */
  int64(ev: Event): number | undefined {
    const index = this.indexIn(ev)
    return index < 0 || ev._paramLength(index) < 8 ? undefined : numberAt(ev, ev._paramAt(index))
  }

  /** An unsigned number of 32 bits. */
  uint32(ev: Event): number | undefined {
    const index = this.indexIn(ev)
    return index < 0 || ev._paramLength(index) < 4 ? undefined : ev._view.getUint32(ev._paramAt(index), true)
  }

  /** Text up to its NUL; undefined where there are no bytes. */
  text(ev: Event): string | undefined {
    const index = this.indexIn(ev)
    if (index < 0 || ev._paramLength(index) === 0) return undefined
    const at = ev._paramAt(index)
    return utf8(ev._memory, at, indexOfNul(ev._memory, at, at + ev._paramLength(index)))
  }
}

/** One character for each byte of a text up to its NUL; undefined where there are no bytes. */
export function latin1(ev: Event, index: number): string | undefined {
  if (index >= ev.nparams || ev._paramLength(index) === 0) return undefined
  const at = ev._paramAt(index)
  const memory = ev._memory
  const end = indexOfNul(memory, at, at + ev._paramLength(index))
  return Buffer.from(memory.buffer, memory.byteOffset + at, end - at).toString('latin1')
}
