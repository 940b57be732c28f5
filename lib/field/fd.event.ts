import type { Event } from '../event/event.js'
import type { FdInfo } from '../state/fdinfo.js'
import { byType } from './bytype.js'

/**
 * Does an event of this type make, use or close an fd? The enter events of mmap are none of them, as in sysdig: their first
 * parameter is an address, and mostly there is no fd.
 */
export const isAboutFd = byType(({ name, flags }) =>
  !name.startsWith('mmap') && ['CREATES_FD', 'USES_FD', 'DESTROYS_FD'].some((flag) => flags.includes(flag)), false)

/** Can the event have an fd at all, known or not? The fields of fds have no value in others. */
export function hasFd(ev: Event): boolean {
  return ev._thread !== undefined && (isAboutFd(ev.type) || ev._packet !== undefined)
}

/** The fd that the event is about, or the last one of its thread; of a packet its socket; undefined where nothing is known of it. */
export function fdOf(ev: Event): FdInfo | undefined {
  if (ev._packet !== undefined) return ev._fd
  const thread = ev._thread
  if (thread === undefined || !isAboutFd(ev.type)) return undefined
  // Not State.fdOf: a field that is asked does not make the fd's name its old name.
  return ev._fd ?? (thread.lastFd < 0 ? undefined : ev._state!.fdsOf(thread).get(thread.lastFd))
}
