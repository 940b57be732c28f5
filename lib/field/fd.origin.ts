import { numberAt } from '../event/decode.js'
import type { Event } from '../event/event.js'
import { displayPath } from '../event/path.js'
import { resolvedArgText } from '../event/text.js'
import { byType } from './bytype.js'
import { latin1 } from './param.js'

/*
 * What an fd would be called that is not known: a call that makes one says in its arguments what it wants to open, and still
 * does when it fails.
 */

/**
 * Where the exit event of a call that makes an fd says its name: as path from the working directory, as path from a
 * directory's fd, or as the two ends of a connection. Of openat before 2020 the path is in the enter event; sysdig does not
 * look there.
 */
type Origin = 'path' | 'pathAt' | 'ends' | 'nowhere' | undefined

const ORIGINS: Readonly<Record<string, Origin>> = {
  PPME_SYSCALL_OPEN_X: 'path',
  PPME_SYSCALL_CREAT_X: 'path',
  PPME_SYSCALL_OPENAT_X: 'nowhere',
  PPME_SYSCALL_OPENAT_2_X: 'pathAt',
  PPME_SYSCALL_OPENAT2_X: 'pathAt',
  PPME_SOCKET_CONNECT_X: 'ends',
  PPME_SOCKET_ACCEPT_X: 'ends',
  PPME_SOCKET_ACCEPT_5_X: 'ends',
  PPME_SOCKET_ACCEPT4_X: 'ends',
  PPME_SOCKET_ACCEPT4_5_X: 'ends',
  PPME_SOCKET_ACCEPT4_6_X: 'ends',
}

const originOf = byType<Origin>(({ const: code }) => ORIGINS[code], undefined)

/** The name as the event's arguments say it, '' where they say none; undefined in enter events. */
export function nameFromEvent(ev: Event): string | undefined {
  if ((ev.type & 1) === 0) return undefined
  switch (originOf(ev.type)) {
    case 'path': return pathFromHere(ev)
    case 'pathAt': return pathAt(ev)
    case 'ends': return resolvedArgText(ev, 1) ?? ''
    case 'nowhere': return undefined
    default: return ''
  }
}

/** A path as the call gives it, not resolved; undefined where the event's arguments have none. */
export function rawNameFromEvent(ev: Event): string | undefined {
  switch (originOf(ev.type)) {
    case 'path': case 'ends': return resolvedArgText(ev, 1)
    case 'pathAt': return resolvedArgText(ev, 2)
    default: return undefined
  }
}

const AT_FDCWD = -100

function pathFromHere(ev: Event): string {
  const path = latin1(ev, 1)
  if (path === undefined || path.startsWith('/')) return resolvedArgText(ev, 1) ?? ''
  return displayPath(ev._state!.cwdOf(ev._thread!), path)
}

function pathAt(ev: Event): string {
  const path = latin1(ev, 2) ?? ''
  if (path.startsWith('/')) return displayPath('', path)
  const state = ev._state!
  const thread = ev._thread!
  const dirfd = ev._paramLength(1) < 8 ? AT_FDCWD : numberAt(ev, ev._paramAt(1))
  if (dirfd === AT_FDCWD) return displayPath(state.cwdOf(thread), path)
  const directory = state.fdsOf(thread).get(dirfd)
  return directory === undefined ? displayPath('', `<UNKNOWN>${path}`) : displayPath(directory.name, path)
}
