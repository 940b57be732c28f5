import { hasLargeLengths } from '../event/record.js'
import { EVENT_COUNT, eventInfo, type EventInfo } from '../event/table.js'

// struct EventTraits and enum event_trait of native/balance/traits.h
const CODES = 512
const SIZE = 8
const CHANGES_STATE = 1
const MAKES_THREAD = 2
const ENDS_THREAD = 4
const CLOSES = 8
const DUPLICATES = 16
const NONE = -1

/** Calls that return in a new thread; those that give an fd a second number. All versions of their events. */
const MAKERS = ['clone', 'clone3', 'fork', 'vfork']
const DUPLICATORS = ['dup', 'dup2', 'dup3']

/** What the balancer has to know of each event, from the table. */
export function eventTraits(): Int8Array {
  const traits = new Int8Array(CODES * SIZE)
  for (let code = 0; code < CODES; code++) {
    const info = code < EVENT_COUNT ? eventInfo(code) : undefined
    traits.set(info === undefined ? [0, NONE, NONE, NONE, NONE, NONE, NONE, 0] : traitsOf(code, info), SIZE * code)
  }
  return traits
}

function traitsOf(code: number, { name, dir, flags, params }: EventInfo): number[] {
  const at = (...names: string[]) => params.findIndex(param => names.includes(param.name))
  const ofType = (...types: string[]) => params.findIndex(param => types.includes(param.type))
  const exit = dir === 'exit'
  return [
    (flags.includes('MODIFIES_STATE') ? CHANGES_STATE : 0)
      | (exit && MAKERS.includes(name) ? MAKES_THREAD : 0)
      | (name === 'procexit' ? ENDS_THREAD : 0)
      | (exit && name === 'close' ? CLOSES : 0)
      | (exit && DUPLICATORS.includes(name) ? DUPLICATES : 0),
    // What dup made is `res` or, in later versions, `fd`; the old number is what it is about.
    DUPLICATORS.includes(name) && exit ? at('oldfd') : ofType('FD'),
    ofType('SOCKTUPLE'),
    at('res'),
    at('pid'),
    at('ptid'),
    // What is cut has lengths of two bytes.
    hasLargeLengths(code) ? NONE : ofType('BYTEBUF'),
    hasLargeLengths(code) ? 0 : params.length,
  ]
}
