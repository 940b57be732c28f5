import { numberAt } from '../../event/decode.js'
import type { Event } from '../../event/event.js'
import { indexOfNul, isAscii, utf8 } from '../../event/strings.js'
import { EVENT_COUNT, eventInfo } from '../../event/table.js'

/** Parameters of the events of processes that are looked at, by their names in the driver's table. */
const NAMES = [
  'exe', 'args', 'pid', 'ptid', 'fdlimit', 'pgft_maj', 'pgft_min', 'vm_size', 'vm_rss', 'vm_swap', 'comm', 'cgroups', 'flags', 'uid', 'gid',
  'vtid', 'vpid', 'pidns_init_start_ts', 'env', 'tty', 'vpgid', 'pgid', 'loginuid', 'cap_inheritable', 'cap_permitted', 'cap_effective',
  'exe_ino', 'exe_ino_ctime', 'exe_ino_mtime', 'trusted_exepath',
] as const
type Name = (typeof NAMES)[number]

/** The place of each in a version of an event; -1 where it has none. */
export type Layout = Readonly<Record<Name, number>>

const layouts: (Layout | undefined)[] = new Array(EVENT_COUNT).fill(undefined)

export function layoutOf(type: number): Layout {
  return (layouts[type] ??= Object.fromEntries(NAMES.map(name =>
    [name, eventInfo(type)!.params.findIndex(param => param.name === name)])) as Record<Name, number>)
}

/** More no event has; what comes behind is not looked at. */
const MAX_PARAMS = 64

/**
 * The parameters of an event that has many, found in one pass. Reading one gives `fallback` where the record does not carry it, or
 * with fewer bytes than its type has.
 */
export class Params {
  #ev!: Event
  #count = 0
  /** Where each begins; the one behind the last too. */
  readonly #at = new Int32Array(MAX_PARAMS + 1)

  read(ev: Event): this {
    const count = Math.min(ev.nparams, MAX_PARAMS)
    const view = ev._view
    const at = this.#at
    let lengths = ev._at + ev._header
    let next = lengths + 2 * ev.nparams
    for (let i = 0; i < count; i++, lengths += 2) {
      at[i] = next
      next += view.getUint16(lengths, true)
    }
    at[count] = next
    this.#ev = ev
    this.#count = count
    return this
  }

  /** Bytes of the parameter; 0 where there is none. */
  length(index: number): number {
    return index < 0 || index >= this.#count ? 0 : this.#at[index + 1] - this.#at[index]
  }

  at(index: number): number {
    return this.#at[index]
  }

  int64(index: number, fallback: number): number {
    return this.length(index) < 8 ? fallback : numberAt(this.#ev, this.#at[index])
  }

  uint64(index: number, fallback: bigint): bigint {
    return this.length(index) < 8 ? fallback : this.#ev._view.getBigUint64(this.#at[index], true)
  }

  uint32(index: number, fallback: number): number {
    return this.length(index) < 4 ? fallback : this.#ev._view.getUint32(this.#at[index], true)
  }

  /** Text up to its NUL; the one that is known already, if it is the same. */
  text(index: number, known: string): string | undefined {
    const length = this.length(index)
    if (length === 0) return undefined
    const memory = this.#ev._memory
    const start = this.#at[index]
    const end = indexOfNul(memory, start, start + length)
    return known.length === end - start && isAscii(known, memory, start) ? known : utf8(memory, start, end)
  }
}
