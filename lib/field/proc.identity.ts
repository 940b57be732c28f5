import type { Event } from '../event/event.js'
import { NEVER, type ThreadInfo } from '../state/threadinfo.js'
import { mainThread, parentThread } from './ancestor.js'
import { define, ofThread } from './define.js'
import type { Extractor, Field } from './field.js'

const pid: Extractor = {
  get: (ev) => ev._thread?.pid,
  write(out, ev) {
    const thread = ev._thread
    if (thread === undefined) return false
    out.decimal(thread.pid)
    return true
  },
}

/** ns from the start of `thread` to the event; undefined where the start was not seen. */
function age(ev: Event, thread: ThreadInfo | undefined): number | undefined {
  return thread === undefined || thread.cloneTime === NEVER ? undefined : ev._state!.time - thread.cloneTime
}

/** When it was started, in ns since the epoch. */
function start(ev: Event, thread: ThreadInfo | undefined): bigint | undefined {
  return thread === undefined || thread.cloneTime === NEVER ? undefined : ev._state!.firstTs + BigInt(thread.cloneTime)
}

/** Ids of the process, and since when it is there. */
export const IDENTITY_FIELDS: readonly Field[] = [
  define('proc.pid', 'INT64', 'Id of the process.', pid, { needs: ['program'] }),
  define('proc.ppid', 'INT64', 'Id of the process that started this one.', (ev) => mainThread(ev)?.ptid, { needs: ['program'] }),
  ofThread('proc.vpid', 'INT64', 'Id of the process in its own pid namespace.', ({ vpid }) => (vpid === -1 ? undefined : vpid)),
  define('proc.pvpid', 'INT64', 'Id of the parent in the parent\'s own pid namespace.', (ev) => parentThread(ev)?.vpid, {
    needs: ['thread'], since: '0.8',
  }),
  ofThread('proc.sid', 'INT64', 'Session of the process: the id of the process that leads it.', (thread) => thread.sid),
  ofThread('proc.vpgid', 'INT64', 'Process group, in the process\'s own pid namespace.', (thread) => thread.vpgid),
  ofThread('proc.pgid', 'INT64', 'Process group, in the machine\'s pid namespace; -1 if it is not known.', (thread) => thread.pgid, {
    since: '0.19',
  }),
  ofThread('proc.is_sid_leader', 'BOOL', 'Does it lead its session?', ({ sid, vpid }) => sid === vpid, { since: '0.12' }),
  ofThread('proc.is_vpgid_leader', 'BOOL', 'Does it lead its process group (proc.vpgid)?', ({ vpgid, vpid }) => vpgid === vpid, {
    since: '0.12',
  }),
  ofThread('proc.is_pgid_leader', 'BOOL', 'Does it lead its process group (proc.pgid)?', (thread) => thread.pgid === thread.pid, {
    since: '0.19',
  }),
  ofThread('proc.tty', 'INT32', 'Number of the terminal that controls it; 0 for none.', (thread) => thread.tty | 0),
  ofThread('proc.duration', 'RELTIME', 'Nanoseconds since the process started; none if that was before the capture.',
    (thread, ev) => age(ev, thread)),
  define('proc.ppid.duration', 'RELTIME', 'Nanoseconds since its parent started; none if that was before the capture.',
    (ev) => age(ev, parentThread(ev)), { needs: ['thread'], since: '0.11' }),
  ofThread('proc.pid.ts', 'RELTIME', 'When the process started, in nanoseconds since 1970.', (thread, ev) => start(ev, thread), {
    since: '0.11',
  }),
  define('proc.ppid.ts', 'RELTIME', 'When its parent started, in nanoseconds since 1970.', (ev) => start(ev, parentThread(ev)), {
    needs: ['thread'], since: '0.11',
  }),
]
