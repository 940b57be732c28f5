import { numberAt } from '../event/decode.js'
import type { Event } from '../event/event.js'
import type { ThreadInfo } from '../state/threadinfo.js'
import { capabilityNames } from './capability.js'
import { define, ofThread, threadExtractor, type Traits } from './define.js'
import type { Extractor, Field } from './field.js'

/** PPME_SCHEDSWITCH_1_E, PPME_SCHEDSWITCH_6_E and PPME_PROCINFO_E in the driver's table. */
const SWITCH_1 = 146
const SWITCH_6 = 152
const PROCINFO = 234

/** Of a packet the thread that used its socket last, if that is known. */
function tidOf(ev: Event): number {
  return ev._process === undefined ? ev.tid : ev._process.tid
}

const tid: Extractor = {
  get: tidOf,
  write(out, ev) {
    out.reserve(0)
    out.decimal(tidOf(ev))
    return true
  },
}

/** ns that a CPU has run what it switches away from; 0 in other events and the first time. */
class ExecTime {
  /** By CPU: when it switched last. */
  readonly #switched: (number | undefined)[] = []
  // An event may be asked more than once.
  #num = -1
  #time = 0

  of(ev: Event): number {
    const { type, cpu } = ev
    if (type !== SWITCH_6 && type !== SWITCH_1) return 0
    if (ev.num === this.#num) return this.#time
    const { time } = ev._state!
    const before = this.#switched[cpu]
    this.#switched[cpu] = time
    this.#num = ev.num
    return (this.#time = before === undefined ? 0 : time - before)
  }
}

function totalExecTime(): Extractor {
  const exec = new ExecTime()
  const totals = new WeakMap<ThreadInfo, number>()
  let num = -1
  return {
    get(ev) {
      // Switches from threads that are not known count for the CPU all the same.
      const time = exec.of(ev)
      const thread = ev._thread
      if (thread === undefined) return undefined
      let total = totals.get(thread) ?? 0
      if (time !== 0 && ev.num !== num) {
        num = ev.num
        totals.set(thread, total += time)
      }
      return total
    },
  }
}

/** The CPU time that procinfo events tell, as percent of the second since the one before: indexes of user and system time. */
function cpuUsage(indexes: readonly number[]): Extractor {
  const totals = new WeakMap<ThreadInfo, number>()
  let num = -1
  let usage = 0
  return threadExtractor((thread, ev) => {
    if (ev.type !== PROCINFO) return undefined
    if (ev.num === num) return usage
    let total = 0
    for (const index of indexes) if (index < ev.nparams && ev._paramLength(index) >= 8) total += numberAt(ev, ev._paramAt(index))
    const before = totals.get(thread) ?? 0
    totals.set(thread, total)
    num = ev.num
    return (usage = before === 0 ? 0 : Math.min(100, total - before))
  })
}

/** A field with a memory: each that is bound has its own. */
function counting(name: string, type: 'RELTIME' | 'DOUBLE', doc: string, bind: () => Extractor): Field {
  return { name, type, doc, needs: ['thread', 'usage'], bind }
}

function execTime(): Extractor {
  const exec = new ExecTime()
  return { get: (ev) => exec.of(ev) }
}

/** "/system.slice" of "memory=/system.slice", where `subsystem` is "memory". */
function cgroup(thread: ThreadInfo, subsystem: string): string | undefined {
  const { cgroups } = thread
  for (const entry of cgroups) {
    if (entry.startsWith(subsystem) && entry.charCodeAt(subsystem.length) === EQUALS) return entry.slice(subsystem.length + 1)
  }
  return undefined
}

const EQUALS = 0x3d

const ofMain = (thread: ThreadInfo, value: number): number => (thread.isMain ? value : 0)

/** Read from switches of threads and from calls that take memory. */
const USAGE: Traits = { needs: ['thread', 'usage'] }

export const THREAD_FIELDS: readonly Field[] = [
  define('thread.tid', 'INT64', 'Id of the thread.', tid),
  ofThread('thread.ismain', 'BOOL', 'Is it the main thread of its process?', (thread) => thread.isMain),
  ofThread('thread.vtid', 'INT64', 'Id of the thread in its own pid namespace.', ({ vtid }) => (vtid === -1 ? undefined : vtid)),
  ofThread('thread.nametid', 'CHARBUF', 'proc.name and thread.tid in one, which tells threads of the same program apart.',
    (thread, ev) => `${thread.comm}${ev.tid}`),
  counting('thread.exectime', 'RELTIME', 'In events of a switch, nanoseconds that the thread ran for which the CPU now leaves.', execTime),
  counting('thread.totexectime', 'RELTIME', 'Nanoseconds that the thread has run since the capture began, as far as switches were seen.',
    totalExecTime),
  counting('thread.cpu', 'DOUBLE', 'CPU time of the thread in the last second, in percent; in procinfo events.', () => cpuUsage([0, 1])),
  counting('thread.cpu.user', 'DOUBLE', 'thread.cpu outside of the kernel.', () => cpuUsage([0])),
  counting('thread.cpu.system', 'DOUBLE', 'thread.cpu in the kernel.', () => cpuUsage([1])),
  ofThread('thread.cgroups', 'CHARBUF', 'The cgroups that it is in, all in one text.',
    ({ cgroups }) => (cgroups.length === 0 ? undefined : cgroups.join(' '))),
  {
    name: 'thread.cgroup',
    type: 'CHARBUF',
    doc: 'The cgroup that it is in for one subsystem: thread.cgroup.memory.',
    arg: 'required',
    needs: ['thread'],
    bind: (subsystem) => threadExtractor((thread) => cgroup(thread, subsystem!)),
  },
  ofThread('thread.pfmajor', 'UINT64', 'Page faults that had to wait for a disk, since the thread started.',
    (thread) => thread.majorFaults, USAGE),
  ofThread('thread.pfminor', 'UINT64', 'Page faults that did not have to wait for a disk.', (thread) => thread.minorFaults, USAGE),
  ofThread('thread.vmsize', 'UINT64', 'Virtual memory of its process in KiB; 0 but for the main thread.',
    (thread) => ofMain(thread, thread.vmSizeKb), USAGE),
  ofThread('thread.vmrss', 'UINT64', 'Memory of its process in RAM in KiB; 0 but for the main thread.',
    (thread) => ofMain(thread, thread.vmRssKb), USAGE),
  ofThread('thread.vmsize.b', 'UINT64', 'thread.vmsize in bytes.', (thread) => ofMain(thread, thread.vmSizeKb * 1024), USAGE),
  ofThread('thread.vmrss.b', 'UINT64', 'thread.vmrss in bytes.', (thread) => ofMain(thread, thread.vmRssKb * 1024), USAGE),
  ofThread('thread.cap_permitted', 'CHARBUF', 'The capabilities that it may make use of.',
    (thread) => capabilityNames(thread.capPermitted), { since: '0.7' }),
  ofThread('thread.cap_inheritable', 'CHARBUF', 'The capabilities that it keeps in other programs.',
    (thread) => capabilityNames(thread.capInheritable), { since: '0.7' }),
  ofThread('thread.cap_effective', 'CHARBUF', 'The capabilities that it makes use of.',
    (thread) => capabilityNames(thread.capEffective), { since: '0.7' }),
]
