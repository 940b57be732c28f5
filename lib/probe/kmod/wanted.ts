import { eventVersions, syscallCodes, syscallNumber } from '../../event/table.js'
import type { DriverInfo } from '../../native.js'
import type { CheckedLiveOptions, Tracepoint } from '../options.js'
import type { Generation } from './driver.js'

/** The records that the options want of a driver. */
export interface Wanted {
  /** By event code: 1 = wanted. */
  types: Uint8Array
  /** Of generic events, by ppm_sc: 1 = wanted. Undefined: all. */
  generic: Uint8Array | undefined
}

/** Event codes, and the driver's own numbers of system calls, fit in 16 bits. */
const CODES = 0x1_0000
const GENERIC = [0, 1]
/** PPME_CPU_HOTPLUG_E, PPME_DROP_E and PPME_DROP_X: the driver's word about itself, always welcome. */
const ABOUT_ITSELF = [244, 148, 149]

/** The latest code of each tracepoint's event. */
export const EVENT_OF: Readonly<Record<Tracepoint, number>> = { procexit: 186, switch: 152, page_fault: 290, signaldeliver: 232 }

/** Calls of which drivers up to 4.0 make the event of an older call: its latest code. */
const OLDER_EVENT: Readonly<Record<string, number>> = {
  accept4: 248, dup2: 366, dup3: 366, eventfd2: 62, inotify_init1: 138, pipe2: 60, signalfd4: 126, umount2: 386,
}

/**
 * Calls of which a driver without enter events makes one all the same, for who wants to know whether an argument was changed
 * while the call ran: the latest codes of open, openat, openat2, creat, connect. Source: the driver's TOCTOU mitigation, 9.0.
 */
const ENTER_EVENTS_OF_EXIT_MODEL = [2, 306, 326, 58, 22]

/** By the event codes of any version: a driver makes one of them. */
export function wantedEvents(driver: DriverInfo, { mask, events }: Generation, { syscalls, tracepoints }: CheckedLiveOptions): Wanted {
  const types = new Uint8Array(CODES).fill(syscalls === undefined ? 1 : 0)
  let generic: Uint8Array | undefined
  const want = (codes: readonly number[], value = 1) => { for (const code of codes) types[code] = value }
  want(ABOUT_ITSELF)
  for (const [tracepoint, code] of Object.entries(EVENT_OF)) want(eventVersions(code), tracepoints.includes(tracepoint as Tracepoint) ? 1 : 0)
  for (const name of syscalls ?? []) {
    const { enter, ppmSc } = syscallCodes(syscallNumber(name)!)!
    const versions = enter === 0 ? [] : eventVersions(enter)
    want(versions)
    if (Object.hasOwn(OLDER_EVENT, name)) want(eventVersions(OLDER_EVENT[name]))
    // A driver without the event makes a generic one of the call.
    if (mask === 'events' && versions.some(code => code < driver.events)) continue
    want(GENERIC)
    generic ??= new Uint8Array(CODES)
    generic[ppmSc] = 1
  }
  if (events === 'exit') want(ENTER_EVENTS_OF_EXIT_MODEL.flatMap(eventVersions).filter(code => code % 2 === 0), 0)
  return { types, generic }
}
