import type { Event } from '../event/event.js'
import { CL_CHILD_IN_PIDNS, type ThreadInfo } from '../state/threadinfo.js'
import { findAncestor } from './ancestor.js'
import { ofThread } from './define.js'
import type { Field } from './field.js'

type Id = (thread: ThreadInfo) => number

/**
 * The thread that leads the session or group of `thread`: the one with the group's number, or where that has ended the
 * oldest of its ancestors, `from` among them, that belong to it.
 */
function oldest(ev: Event, thread: ThreadInfo, id: Id, from?: ThreadInfo): ThreadInfo | undefined {
  const wanted = id(thread)
  let leader = from
  findAncestor(ev, thread, (ancestor) => {
    if (id(ancestor) !== wanted) return true
    leader = ancestor
    return false
  })
  return leader
}

/** A number in a pid namespace of its own says nothing of the table of threads. */
function isInNamespace(thread: ThreadInfo): boolean {
  return (thread.flags & CL_CHILD_IN_PIDNS) !== 0 || thread.tid !== thread.vtid
}

function leader(ev: Event, thread: ThreadInfo, id: Id, isVirtual: boolean): ThreadInfo | undefined {
  const wanted = id(thread)
  if (wanted === -1) return undefined
  const found = isVirtual && isInNamespace(thread) ? undefined : ev._state!.thread(wanted)
  return found ?? oldest(ev, thread, id)
}

const sid: Id = (thread) => thread.sid
const vpgid: Id = (thread) => thread.vpgid
const pgid: Id = (thread) => thread.pgid

function leaderField(name: string, of: string, id: Id, property: 'comm' | 'exe' | 'exepath', what: string, since: string): Field {
  return ofThread(name, 'CHARBUF', `${what} of the process that leads ${of}.`,
    (thread, ev) => leader(ev, thread, id, id !== pgid)?.[property] ?? '', { since })
}

function sessionName(thread: ThreadInfo, ev: Event): string | undefined {
  const found = ev._state!.thread(thread.sid)
  if (found !== undefined) return found.comm
  const main = ev._state!.mainOf(thread)
  return main === undefined ? undefined : oldest(ev, main, sid, main)!.comm
}

/** Of the processes that lead the session and the group. */
export const GROUP_LEADER_FIELDS: readonly Field[] = [
  ofThread('proc.sname', 'CHARBUF', 'Name of the process that leads the session; where it has ended, of the oldest ancestor in it.',
    sessionName),
  leaderField('proc.sid.exe', 'the session', sid, 'exe', 'argv[0]', '0.11'),
  leaderField('proc.sid.exepath', 'the session', sid, 'exepath', 'Program path', '0.11'),
  leaderField('proc.vpgid.name', 'the process group (proc.vpgid)', vpgid, 'comm', 'Name', '0.12'),
  leaderField('proc.vpgid.exe', 'the process group (proc.vpgid)', vpgid, 'exe', 'argv[0]', '0.12'),
  leaderField('proc.vpgid.exepath', 'the process group (proc.vpgid)', vpgid, 'exepath', 'Program path', '0.12'),
  leaderField('proc.pgid.name', 'the process group (proc.pgid)', pgid, 'comm', 'Name', '0.19'),
  leaderField('proc.pgid.exe', 'the process group (proc.pgid)', pgid, 'exe', 'argv[0]', '0.19'),
  leaderField('proc.pgid.exepath', 'the process group (proc.pgid)', pgid, 'exepath', 'Program path', '0.19'),
]
