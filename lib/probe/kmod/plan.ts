import { CaptureError } from '../../errors.js'
import { HEADER } from '../../event/record.js'
import { eventInfo, eventVersions, syscallCodes, syscallNumber } from '../../event/table.js'
import type { DriverInfo, KmodPlan, KmodRequest } from '../../native.js'
import { THREAD_MAKERS } from '../../ring/threads.js'
import { MAX_SYSCALLS, syscallNumbers } from '../syscalls.js'
import type { CheckedLiveOptions, Tracepoint } from '../options.js'
import { describeDriver, type Generation } from './driver.js'

/** What the kernel cannot leave out, and so is left out when it is read. */
export interface Wanted {
  /** By event code: 1 = wanted. */
  types: Uint8Array
  /** Of generic events, by ppm_sc: 1 = wanted. Undefined: all. */
  generic: Uint8Array | undefined
}

/** Event codes fit in 16 bits. */
const TYPES = 0x1_0000
const PPM_SCS = 0x1_0000
const GENERIC = [0, 1]
/** PPME_CPU_HOTPLUG_E, PPME_DROP_E and PPME_DROP_X: the driver's word about itself, always welcome. */
const ABOUT_ITSELF = [244, 148, 149]

/** The latest code of each tracepoint's event. */
const EVENT_OF: Record<Tracepoint, number> = { procexit: 186, switch: 152, page_fault: 290, signaldeliver: 232 }
/** Tracepoints by the driver's numbers (enum kmod_prog_codes). */
const TP = { sys_enter: 0, sys_exit: 1, procexit: 2, switch: 3, page_fault_user: 4, page_fault_kernel: 5, signaldeliver: 6, fork: 7, exec: 8 }

/**
 * Calls of which a driver without enter events makes one all the same, for who wants to know whether an argument was changed
 * while the call ran: the latest codes of open, openat, openat2, creat, connect. Source: the driver's TOCTOU mitigation, 9.0.
 */
const ENTER_EVENTS_OF_EXIT_MODEL = [2, 306, 326, 58, 22]

/** Calls of which drivers up to 4.0 make the event of an older call: its latest code. */
const OLDER_EVENT: Readonly<Record<string, number>> = {
  accept4: 248, dup2: 366, dup3: 366, eventfd2: 62, inotify_init1: 138, pipe2: 60, signalfd4: 126, umount2: 386,
}

// Numbers of the ioctls (PPM_IOCTL_*).
const REQUEST = {
  DISABLE_CAPTURE: 0, ENABLE_CAPTURE: 1, SET_SNAPLEN: 4, MASK_ZERO_EVENTS: 5, MASK_SET_EVENT: 6, MASK_UNSET_EVENT: 7,
  ENABLE_PAGE_FAULTS: 19, MANAGE_TP: 26, ZERO_SYSCALLS: 28, ENABLE_SYSCALL: 29, ENABLE_TP: 31, DISABLE_TP: 32,
} as const

function request(name: keyof typeof REQUEST, arg = 0): KmodRequest {
  return { name, number: REQUEST[name], arg, each: name === 'ENABLE_CAPTURE' || name === 'DISABLE_CAPTURE' }
}

/**
 * What has to be asked of this driver to get what the options want, and what remains to be left out afterwards: undefined
 * where that is nothing. `byThread`: threads will be told apart when the records are read, so the events that make them are
 * needed.
 *
 * @throws CaptureError ERR_CAPTURE_OPTION for options that this driver cannot serve.
 */
export function planCapture(driver: DriverInfo, generation: Generation, options: CheckedLiveOptions, byThread: boolean): { plan: KmodPlan; wanted: Wanted | undefined } {
  if (options.events !== undefined && options.events !== generation.events) refuse(driver, `gives ${generation.events === 'both' ? 'enter and exit events' : 'exit events only'}`, 'leave `events` out')
  const numbers = options.syscalls === undefined ? undefined : syscallNumbers(options.syscalls)
  const wanted = wantedEvents(driver, generation, options)
  const { settings, start, stop } = generation.mask === 'syscalls'
    ? syscallRequests(generation, options, numbers, byThread)
    : eventRequests(driver, generation, options, wanted, numbers !== undefined, byThread)
  const { ringBytes, counters, header } = generation
  const plan = { ringBytes: [...ringBytes], counters, header, settings: [request('SET_SNAPLEN', options.snaplen), ...settings], start, stop }
  return { plan, wanted: !byThread && kernelLeavesOutAll(generation, wanted, numbers !== undefined) ? undefined : wanted }
}

function kernelLeavesOutAll({ header, events, mask, sharedMask }: Generation, { generic }: Wanted, few: boolean): boolean {
  // Old records do not say how many parameters they have, which the sieve finds out.
  if (header !== HEADER) return false
  // Any consumer that opens the module sets a shared mask back to all.
  if (mask === 'events') return generic === undefined && !sharedMask
  // A mask by call does not hold for 32-bit processes and a successful exec.
  return mask === 'syscalls' && events === 'both' && !few
}

function refuse(driver: DriverInfo, what: string, hint: string): never {
  throw new CaptureError('ERR_CAPTURE_OPTION', `the kernel module ${describeDriver(driver)} ${what}`, `${hint}, or use the eBPF probe: sysdig:bpf`)
}

/** By the event codes of any version: a driver makes one of them. */
function wantedEvents(driver: DriverInfo, { mask, events }: Generation, options: CheckedLiveOptions): Wanted {
  const types = new Uint8Array(TYPES).fill(options.syscalls === undefined ? 1 : 0)
  let generic: Uint8Array | undefined
  const want = (codes: readonly number[], value = 1) => { for (const code of codes) types[code] = value }
  want(ABOUT_ITSELF)
  for (const tracepoint of Object.keys(EVENT_OF) as Tracepoint[]) want(eventVersions(EVENT_OF[tracepoint]), options.tracepoints.includes(tracepoint) ? 1 : 0)
  for (const name of options.syscalls ?? []) {
    const { enter, ppmSc } = syscallCodes(syscallNumber(name)!)!
    const versions = enter === 0 ? [] : eventVersions(enter)
    want(versions)
    if (Object.hasOwn(OLDER_EVENT, name)) want(eventVersions(OLDER_EVENT[name]))
    // A driver without the event makes a generic one of the call.
    if (mask === 'events' && versions.some(code => code < driver.events)) continue
    want(GENERIC)
    generic ??= new Uint8Array(PPM_SCS)
    generic[ppmSc] = 1
  }
  if (events === 'exit') want(ENTER_EVENTS_OF_EXIT_MODEL.flatMap(eventVersions).filter(code => code % 2 === 0), 0)
  return { types, generic }
}

type Requests = Pick<KmodPlan, 'settings' | 'start' | 'stop'>

/** Until 3.0: a mask by event code, all set at first; each node has a switch. */
function eventRequests(driver: DriverInfo, { mask, sharedMask, pageFaults }: Generation, options: CheckedLiveOptions, { types }: Wanted, few: boolean, byThread: boolean): Requests {
  const settings: KmodRequest[] = []
  const stop = [request('DISABLE_CAPTURE')]
  // What is asked of a shared mask is done to every consumer: only where the options ask for few calls, and until the end.
  if (mask === 'events' && (few || !sharedMask)) {
    const needed = types.slice(0, driver.events)
    if (byThread) for (const code of THREAD_MAKERS.flatMap(eventVersions)) if (code < needed.length) needed[code] = 1
    if (few) settings.push(request('MASK_ZERO_EVENTS'))
    needed.forEach((needed, code) => {
      if (few && needed === 1) settings.push(request('MASK_SET_EVENT', code))
      if (!few && needed === 0) settings.push(request('MASK_UNSET_EVENT', code))
      if (sharedMask && needed === 0) stop.push(request('MASK_SET_EVENT', code))
    })
  }
  if (options.tracepoints.includes('page_fault')) {
    if (driver.events <= EVENT_OF.page_fault) refuse(driver, 'has no page faults', 'leave the tracepoint page_fault out')
    if (pageFaults === 'by_request') settings.push(request('ENABLE_PAGE_FAULTS'))
  }
  return { settings, start: [request('ENABLE_CAPTURE')], stop }
}

/** Since 4.0: a mask by call, empty at first since 5.0; nothing comes before its tracepoint is attached for this consumer. */
function syscallRequests({ enable }: Generation, options: CheckedLiveOptions, numbers: readonly number[] | undefined, byThread: boolean): Requests {
  const calls = new Set(numbers ?? Array.from({ length: MAX_SYSCALLS }, (_, number) => number))
  if (byThread) for (const number of syscallNumbers(THREAD_MAKERS.map(code => eventInfo(code)!.name))) calls.add(number)
  const settings = [...calls].map(number => request('ENABLE_SYSCALL', number))
  if (enable === 'manage_tp') settings.unshift(request('ZERO_SYSCALLS'))

  const points = [TP.sys_enter, TP.sys_exit, TP.exec]
  // Elsewhere than on x86 a new thread's own return from clone is not seen.
  if (process.arch !== 'x64') points.push(TP.fork)
  if (options.tracepoints.includes('procexit')) points.push(TP.procexit)
  if (options.tracepoints.includes('switch')) points.push(TP.switch)
  if (options.tracepoints.includes('signaldeliver')) points.push(TP.signaldeliver)
  if (options.tracepoints.includes('page_fault')) points.push(TP.page_fault_user, TP.page_fault_kernel)
  if (enable === 'manage_tp') {
    return { settings, start: [request('MANAGE_TP', points.reduce((set, point) => set | 1 << point, 0))], stop: [request('MANAGE_TP', 0)] }
  }
  return { settings, start: points.map(point => request('ENABLE_TP', point)), stop: points.map(point => request('DISABLE_TP', point)) }
}
