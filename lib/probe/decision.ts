import type { BpfProbeOptions } from '../native.js'
import type { CheckedLiveOptions, Tracepoint } from './options.js'
import { MAX_SYSCALLS, syscallNumbers } from './syscalls.js'

/**
 * What the kernel is to decide about records: those that are wanted are made if the predicate (`pids` … `failedOnly`, all
 * that is given) holds; those that the state follows from are made in any case. The rest counts as filtered. Names are those
 * of system calls, not of events.
 */
export interface Decision {
  /** Calls whose enter and exit events are wanted; undefined: all of them. */
  readonly enter: ReadonlySet<string> | undefined
  readonly exit: ReadonlySet<string> | undefined
  /** Calls whose enter and exit events are needed whatever the predicate says. */
  readonly stateEnter: ReadonlySet<string>
  readonly stateExit: ReadonlySet<string>
  /** Tracepoints that are wanted; undefined: those of the options. */
  readonly tracepoints?: ReadonlySet<Tracepoint>
  readonly stateTracepoints?: ReadonlySet<Tracepoint>
  /** Processes and threads, by their numbers in the initial pid namespace. */
  readonly pids?: ReadonlySet<number>
  readonly tids?: ReadonlySet<number>
  /** Names that the calling thread has in the kernel at that moment, compared exactly. */
  readonly comms?: ReadonlySet<string>
  /** Only exit events are wanted: a probe that can make them complete needs no enter events, if nobody asks for both. */
  readonly exitOnly?: boolean
  /** Only exit events of calls that return a number below zero. */
  readonly failedOnly?: boolean
}

/** enum need of native/abi.h; those of an exit event stand above those of its enter event. */
const WANTED = 1
const STATE = 2
const EXIT_SHIFT = 2

/** Bytes of a thread's name without its NUL. */
const MAX_COMM = 15

type Needs = Pick<BpfProbeOptions, 'needs' | Tracepoint | 'matchPids' | 'matchTids' | 'matchComms' | 'matchFailed'>

/**
 * What the options, and their decision if they have one, want of our eBPF probe. Of a decision's calls and tracepoints only
 * those are wanted that the options list too.
 *
 * @throws CaptureError ERR_CAPTURE_OPTION for a system call that there is none of.
 */
export function nativeNeeds({ syscalls, tracepoints, decision = EVERYTHING }: CheckedLiveOptions): Needs {
  const { enter, exit, stateEnter, stateExit, failedOnly = false } = decision
  const needs = new Uint8Array(MAX_SYSCALLS)
  const set = (numbers: Iterable<number>, bits: number) => { for (const number of numbers) needs[number] |= bits }
  // An enter event has not failed yet: then nobody has to look at them.
  if (!failedOnly) set(wantedNumbers(enter, syscalls), WANTED)
  set(wantedNumbers(exit, syscalls), WANTED << EXIT_SHIFT)
  set(syscallNumbers([...stateEnter]), STATE)
  set(syscallNumbers([...stateExit]), STATE << EXIT_SHIFT)

  const ofTracepoint = (name: Tracepoint) => {
    const wanted = !failedOnly && tracepoints.includes(name) && (decision.tracepoints?.has(name) ?? true)
    return (wanted ? WANTED : 0) | (decision.stateTracepoints?.has(name) ? STATE : 0)
  }
  return {
    needs,
    procexit: ofTracepoint('procexit'),
    signaldeliver: ofTracepoint('signaldeliver'),
    switch: ofTracepoint('switch'),
    page_fault: ofTracepoint('page_fault'),
    matchPids: decision.pids && [...decision.pids],
    matchTids: decision.tids && [...decision.tids],
    matchComms: decision.comms && matchableComms(decision.comms),
    matchFailed: failedOnly,
  }
}

/**
 * The options for a driver that cannot tell what is wanted from what the state needs: the calls and tracepoints of both.
 * What that is too much is for the reader to leave out.
 */
export function withoutDecision(options: CheckedLiveOptions): CheckedLiveOptions {
  const { syscalls, tracepoints, decision } = options
  if (decision === undefined) return options
  const { enter, exit, stateEnter, stateExit, stateTracepoints = [] } = decision
  const wanted = enter === undefined || exit === undefined ? syscalls : within([...enter, ...exit], syscalls)
  const wantedTracepoints = tracepoints.filter(name => decision.tracepoints?.has(name) ?? true)
  return {
    ...options,
    syscalls: wanted && [...new Set([...wanted, ...stateEnter, ...stateExit])],
    tracepoints: [...new Set([...wantedTracepoints, ...stateTracepoints])],
    decision: undefined,
  }
}

const EVERYTHING: Decision = { enter: undefined, exit: undefined, stateEnter: new Set(), stateExit: new Set() }

/** Undefined is all there are, also those without a name. */
function wantedNumbers(wanted: ReadonlySet<string> | undefined, listed: readonly string[] | undefined): Iterable<number> {
  if (wanted === undefined) return listed === undefined ? Array(MAX_SYSCALLS).keys() : syscallNumbers(listed)
  return syscallNumbers(within([...wanted], listed))
}

function within(names: readonly string[], listed: readonly string[] | undefined): readonly string[] {
  return listed === undefined ? names : names.filter(name => listed.includes(name))
}

/**
 * A name that is too long, or holds a NUL, no thread has. Bytes that are not UTF-8 are U+FFFD to the reader: whoever asks for
 * that means more than one name, and the kernel is not asked.
 */
function matchableComms(comms: ReadonlySet<string>): readonly string[] | undefined {
  const all = [...comms]
  if (all.some(comm => comm.includes('\ufffd'))) return undefined
  return all.filter(comm => Buffer.byteLength(comm) <= MAX_COMM && !comm.includes('\0'))
}
