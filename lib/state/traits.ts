import { EVENT_COUNT, eventInfo } from '../event/table.js'

/*
 * What the state has to know of an event type before it looks at the record, in one number: a bit set, with the index of the
 * event's fd above it.
 */

/** The call is about an fd, which the enter event says. */
export const USES_FD = 1 << 0
/** It belongs to no thread, or its thread does not matter. */
export const NO_THREAD = 1 << 1
/** It may come from a thread that has just been made: it is no reason to look for one. */
export const NEW_THREAD = 1 << 2
/** The first parameter is the result: negative for an error. */
export const HAS_RESULT = 1 << 3
/** It stands between calls, and is neither the beginning nor the end of one. */
export const BETWEEN_CALLS = 1 << 4
const FD_SHIFT = 8

const UNKNOWN = -1
const traits = new Int32Array(EVENT_COUNT + 1).fill(UNKNOWN)

/** Made when the first event of a type comes. Types beyond the table share one place: nothing is known of them. */
export function traitsOf(type: number): number {
  const place = type < EVENT_COUNT ? type : EVENT_COUNT
  const known = traits[place]
  return known !== UNKNOWN ? known : (traits[place] = compile(place))
}

/** Index of the parameter that says the fd. In exit events, where later drivers add it, 0 means that there is none. */
export function fdParam(traits: number): number {
  return traits >>> FD_SHIFT
}

function compile(type: number): number {
  const info = eventInfo(type)
  if (info === undefined) return 0
  const { name, flags, params } = info
  let bits = 0
  if (name === 'switch' || name === 'procinfo') bits |= BETWEEN_CALLS | NEW_THREAD
  else if (flags.includes('SKIPPARSERESET') || name === 'container') bits |= NO_THREAD
  if (info.dir === 'exit' && ['clone', 'clone3', 'fork', 'vfork'].includes(name)) bits |= NEW_THREAD
  if (flags.includes('USES_FD')) {
    bits |= USES_FD
    // The first one of an exit event is the result.
    const first = info.dir === 'exit' ? 1 : 0
    bits |= Math.max(0, params.findIndex(({ type }, index) => index >= first && type === 'FD')) << FD_SHIFT
  }
  if (info.dir === 'exit' && (params[0]?.name === 'res' || params[0]?.name === 'fd')) bits |= HAS_RESULT
  return bits
}
