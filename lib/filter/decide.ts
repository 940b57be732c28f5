import { Event } from '../event/event.js'
import { HEADER, LEN, NPARAMS, TYPE } from '../event/record.js'
import { EVENT_COUNT, eventInfo } from '../event/table.js'
import { isAboutFd } from '../field/fd.event.js'
import { type Bound, simplify } from './bind.js'
import type { BoundCheck } from './check.js'
import type { Source } from './resolve.js'

/** These are the same for all events of a type, whatever is in them. */
const OF_THE_TYPE: ReadonlySet<string> = new Set([
  'evt.dir', 'evt.type.is', 'evt.is_io', 'evt.is_io_read', 'evt.is_io_write', 'evt.io_dir', 'evt.is_wait', 'evt.count',
])
/** These are for all but generic events, which are of a system call. */
const OF_THE_CALL: ReadonlySet<string> = new Set(['evt.type', 'syscall.type'])
/** These have no value, or always the same, where the event has no result. */
const OF_THE_RESULT: ReadonlySet<string> = new Set(['evt.failed', 'evt.rawres', 'evt.res'])

/** What is known of an event before it is read: its type, and of generic events the system call. */
export class Kind {
  readonly code: number
  /** Driver's code of the system call (ppm_sc); undefined where it is any. */
  readonly #ppmSc: number | undefined
  readonly #event: Event

  constructor(code: number, ppmSc?: number) {
    this.code = code
    this.#ppmSc = ppmSc
    this.#event = sample(code, ppmSc)
  }

  /** What the check says of every event of this kind; undefined if it depends on the event. */
  decide({ left, right, test }: BoundCheck): boolean | undefined {
    return this.#isFixed(left) && (right === undefined || this.#isFixed(right)) ? test(this.#event) : undefined
  }

  #isFixed({ field, arg }: Source): boolean {
    const { name } = field
    if (OF_THE_TYPE.has(name)) return true
    const isCallKnown = this.code > 1 || this.#ppmSc !== undefined
    if (OF_THE_CALL.has(name)) return isCallKnown
    // That of reads and writes is the fd's.
    if (name === 'evt.category') return isCallKnown && !eventInfo(this.code)!.category.startsWith('IO')
    // Of an event that is about no fd they have no value, whatever is known; fd.types is of the process.
    if (name.startsWith('fd.') && name !== 'fd.types' && !isAboutFd(this.code)) return true
    const { params, flags } = eventInfo(this.code)!
    if (OF_THE_RESULT.has(name)) {
      const isFd = (this.code & 1) === 1 && flags.includes('CREATES_FD')
      return !params.some(param => param.name === 'res' || (isFd && param.name === 'fd'))
    }
    // An event without a parameter of that name.
    if (name !== 'evt.arg' && name !== 'evt.rawarg') return false
    return arg !== undefined && /^[A-Za-z_]/.test(arg) && !params.some(param => param.name === arg)
  }
}

let all: readonly Kind[] | undefined

/** One of each event code, from 0 on. */
export function kinds(): readonly Kind[] {
  return (all ??= Array.from({ length: EVENT_COUNT }, (_, code) => new Kind(code)))
}

/** What is left of an expression for events of that kind. */
export function restOf(bound: Bound, kind: Kind): Bound {
  return simplify(bound, check => kind.decide(check))
}

/** The same for each event code. */
export function restsOf(bound: Bound): readonly Bound[] {
  return kinds().map(kind => restOf(bound, kind))
}

/** An event with nothing in it but its type: the fields that are decided by that say of it what they say of all others. */
function sample(code: number, ppmSc: number | undefined): Event {
  const event = new Event()
  const memory = new Uint8Array(HEADER + 4)
  const view = new DataView(memory.buffer)
  const nparams = ppmSc === undefined ? 0 : 1
  view.setUint32(LEN, HEADER + 4 * nparams, true)
  view.setUint16(TYPE, code, true)
  view.setUint32(NPARAMS, nparams, true)
  if (ppmSc !== undefined) {
    view.setUint16(HEADER, 2, true)
    view.setUint16(HEADER + 2, ppmSc, true)
  }
  event._memory = memory
  event._view = view
  return event
}
