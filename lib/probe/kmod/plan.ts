import { CaptureError } from '../../errors.js'
import { HEADER } from '../../event/record.js'
import { eventInfo, eventVersions } from '../../event/table.js'
import type { DriverInfo, KmodPlan, KmodRequest } from '../../native.js'
import { THREAD_MAKERS } from '../../ring/threads.js'
import type { CheckedLiveOptions } from '../options.js'
import { MAX_SYSCALLS, syscallNumbers } from '../syscalls.js'
import { describeDriver, type Generation } from './driver.js'
import { EVENT_OF, type Wanted, wantedEvents } from './wanted.js'

/** What is asked of which driver. */
interface Ask {
  driver: DriverInfo
  generation: Generation
  options: CheckedLiveOptions
  /** Numbers of the calls that are wanted; undefined: all. */
  calls: readonly number[] | undefined
  wanted: Wanted
  /** Threads will be told apart when the records are read: the events that make them are needed. */
  byThread: boolean
}

/** Tracepoints by the driver's numbers (enum kmod_prog_codes). */
const TP = { sys_enter: 0, sys_exit: 1, procexit: 2, switch: 3, page_fault_user: 4, page_fault_kernel: 5, signaldeliver: 6, fork: 7, exec: 8 }

// Numbers of the ioctls (PPM_IOCTL_*).
const REQUEST = {
  DISABLE_CAPTURE: 0, ENABLE_CAPTURE: 1, SET_SNAPLEN: 4, MASK_ZERO_EVENTS: 5, MASK_SET_EVENT: 6, MASK_UNSET_EVENT: 7,
  ENABLE_PAGE_FAULTS: 19, MANAGE_TP: 26, ZERO_SYSCALLS: 28, ENABLE_SYSCALL: 29, ENABLE_TP: 31, DISABLE_TP: 32,
} as const

function request(name: keyof typeof REQUEST, arg = 0): KmodRequest {
  return { name, number: REQUEST[name], arg, each: name === 'ENABLE_CAPTURE' || name === 'DISABLE_CAPTURE' }
}

/**
 * What has to be asked of this driver to get what the options want, and what remains to be left out when its records are
 * read: undefined where that is nothing.
 *
 * @throws CaptureError ERR_CAPTURE_OPTION for options that this driver cannot serve.
 */
export function planCapture(
  driver: DriverInfo, generation: Generation, options: CheckedLiveOptions, byThread: boolean,
): { plan: KmodPlan; wanted: Wanted | undefined } {
  if (options.events !== undefined && options.events !== generation.events) {
    refuse(driver, `gives ${generation.events === 'both' ? 'enter and exit events' : 'exit events only'}`, 'leave `events` out')
  }
  if (options.dropFailed) refuse(driver, 'does not count the failed calls that it leaves out', 'leave `dropFailed` out')
  if (options.dynamicSnaplen.dynamicSnaplen) refuse(driver, 'is not asked for a dynamic snaplen', 'leave `dynamicSnaplen` out')
  const calls = options.syscalls === undefined ? undefined : syscallNumbers(options.syscalls)
  const ask: Ask = { driver, generation, options, calls, wanted: wantedEvents(driver, generation, options), byThread }
  const { settings, start, stop } = generation.mask === 'syscalls' ? syscallRequests(ask) : eventRequests(ask)
  const { ringBytes, counters, header } = generation
  return {
    plan: { ringBytes: [...ringBytes], counters, header, settings: [request('SET_SNAPLEN', options.snaplen), ...settings], start, stop },
    wanted: leavesOutAll(ask) ? undefined : ask.wanted,
  }
}

/** Does the driver itself leave out all that is not wanted? */
function leavesOutAll({ generation: { header, events, mask, sharedMask }, wanted, calls, byThread }: Ask): boolean {
  // Old records do not say how many parameters they have, which the sieve finds out.
  if (byThread || header !== HEADER) return false
  // Any consumer that opens the module sets a shared mask back to all.
  if (mask === 'events') return wanted.generic === undefined && !sharedMask
  // A mask by call does not hold for 32-bit processes and a successful exec.
  return mask === 'syscalls' && events === 'both' && calls === undefined
}

function refuse(driver: DriverInfo, what: string, hint: string): never {
  throw new CaptureError('ERR_CAPTURE_OPTION', `the kernel module ${describeDriver(driver)} ${what}`, `${hint}, or use the eBPF probe: sysdig:bpf`)
}

type Requests = Pick<KmodPlan, 'settings' | 'start' | 'stop'>

/** Until 3.0: a mask by event code, all set at first; each node has a switch. */
function eventRequests({ driver, generation: { mask, sharedMask, pageFaults }, options, calls, wanted, byThread }: Ask): Requests {
  const settings: KmodRequest[] = []
  const stop = [request('DISABLE_CAPTURE')]
  const few = calls !== undefined
  // What is asked of a shared mask is done to every consumer: only where the options ask for few calls, and until the end.
  if (mask === 'events' && (few || !sharedMask)) {
    const needed = wanted.types.slice(0, driver.events)
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
function syscallRequests({ generation: { enable }, options: { tracepoints }, calls, byThread }: Ask): Requests {
  const numbers = new Set(calls ?? Array.from({ length: MAX_SYSCALLS }, (_, number) => number))
  if (byThread) for (const number of syscallNumbers(THREAD_MAKERS.map(code => eventInfo(code)!.name))) numbers.add(number)
  const settings = [...numbers].map(number => request('ENABLE_SYSCALL', number))
  if (enable === 'manage_tp') settings.unshift(request('ZERO_SYSCALLS'))

  const points = [TP.sys_enter, TP.sys_exit, TP.exec]
  // Elsewhere than on x86 a new thread's own return from clone is not seen.
  if (process.arch !== 'x64') points.push(TP.fork)
  if (tracepoints.includes('procexit')) points.push(TP.procexit)
  if (tracepoints.includes('switch')) points.push(TP.switch)
  if (tracepoints.includes('signaldeliver')) points.push(TP.signaldeliver)
  if (tracepoints.includes('page_fault')) points.push(TP.page_fault_user, TP.page_fault_kernel)
  if (enable === 'manage_tp') {
    return { settings, start: [request('MANAGE_TP', points.reduce((set, point) => set | 1 << point, 0))], stop: [request('MANAGE_TP', 0)] }
  }
  return { settings, start: points.map(point => request('ENABLE_TP', point)), stop: points.map(point => request('DISABLE_TP', point)) }
}
