import { numberAt } from '../event/decode.js'
import type { Event } from '../event/event.js'
import { displayPath } from '../event/path.js'
import { indexOfNul } from '../event/strings.js'
import { type Names, resolvedArgText } from '../event/text.js'
import { byType } from './define.js'

/*
 * What an fd would be called that is not known: a call that makes one says in its arguments what it wants to open, and still
 * does when it fails.
 */

/** Where the exit event of a call that makes an fd has its name: as parameter 1; as path from a directory, or that in the enter event. */
type Origin = 'argument' | 'path' | 'enterPath' | undefined

const ORIGINS: Readonly<Record<string, Origin>> = {
  PPME_SYSCALL_OPEN_X: 'argument',
  PPME_SYSCALL_CREAT_X: 'argument',
  PPME_SOCKET_CONNECT_X: 'argument',
  PPME_SOCKET_ACCEPT_X: 'argument',
  PPME_SOCKET_ACCEPT_5_X: 'argument',
  PPME_SOCKET_ACCEPT4_X: 'argument',
  PPME_SOCKET_ACCEPT4_5_X: 'argument',
  PPME_SOCKET_ACCEPT4_6_X: 'argument',
  PPME_SYSCALL_OPENAT_X: 'enterPath',
  PPME_SYSCALL_OPENAT_2_X: 'path',
  PPME_SYSCALL_OPENAT2_X: 'path',
}

const originOf = byType<Origin>(({ const: code }) => ORIGINS[code], undefined)

const NAMES: Names = {
  directory: (ev) => (ev._thread === undefined ? '' : ev._state!.cwdOf(ev._thread)),
}

/** The name as the event's arguments say it, '' where they say none; undefined in enter events. */
export function nameFromEvent(ev: Event): string | undefined {
  if ((ev.type & 1) === 0) return undefined
  switch (originOf(ev.type)) {
    case 'argument': return resolvedArgText(ev, 1, NAMES) ?? ''
    case 'path': return pathAt(ev, ev, 1)
    case 'enterPath': {
      const enter = ev._state!.enterOf(ev, ev._thread!)
      return enter === undefined ? undefined : pathAt(ev, enter, 0)
    }
    default: return ''
  }
}

/** A path as the call gives it, not resolved; undefined where the event's arguments have none. */
export function rawNameFromEvent(ev: Event): string | undefined {
  switch (originOf(ev.type)) {
    case 'argument': return resolvedArgText(ev, 1)
    case 'path': return latin1(ev, 2)
    case 'enterPath': {
      const enter = ev._state!.enterOf(ev, ev._thread!)
      return enter === undefined ? undefined : latin1(enter, 1)
    }
    default: return undefined
  }
}

const SLASH = '/'
const AT_FDCWD = -100

/** The path of `from`'s parameter `dirfd + 1`, from the directory that its parameter `dirfd` is. */
function pathAt(ev: Event, from: Event, dirfd: number): string {
  const path = latin1(from, dirfd + 1) ?? ''
  return displayPath(path.startsWith(SLASH) ? '' : directory(ev, from, dirfd), path)
}

function directory(ev: Event, from: Event, param: number): string {
  const thread = ev._thread!
  const state = ev._state!
  const fd = from._paramLength(param) < 8 ? AT_FDCWD : numberAt(from, from._paramAt(param))
  return fd === AT_FDCWD ? state.cwdOf(thread) : state.fdsOf(thread).get(fd)?.name ?? '<UNKNOWN>'
}

/** One character for each byte, as displayPath wants them. */
function latin1(ev: Event, index: number): string | undefined {
  if (index >= ev.nparams) return undefined
  const at = ev._paramAt(index)
  const memory = ev._memory
  const end = indexOfNul(memory, at, at + ev._paramLength(index))
  return Buffer.from(memory.buffer, memory.byteOffset + at, end - at).toString('latin1')
}
