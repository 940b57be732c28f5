import type { Event } from '../event/event.js'
import { directionText } from '../event/line.js'
import { PACKET } from '../event/record.js'
import { EVENT_COUNT, eventName, eventTypes, isSyscall } from '../event/table.js'
import { FD, type FdInfo } from '../state/fdinfo.js'
import { byType } from './bytype.js'
import { callCategory } from './callcategory.js'
import { define } from './define.js'
import type { Extractor, Field, Operator } from './field.js'

/** Codes of the events that stand for calls without an event of their own: the call's name is in the record. */
const GENERIC_CODES = 2

/** Compares by the codes of the names, and by the name itself only where the event is generic. */
function compareType(operator: Operator, operands: readonly string[]): ((ev: Event) => boolean) | undefined {
  for (const name of operands) {
    if (eventTypes(name).length === 0 && !isSyscall(name)) throw new RangeError(`unknown event type ${name}`)
  }
  if (operator !== '=' && operator !== '!=' && operator !== 'in') return undefined
  const wanted = operator !== '!='
  const names = new Set(operands)
  const matches = new Uint8Array(EVENT_COUNT)
  for (const name of names) for (const type of eventTypes(name)) matches[type] = 1
  return (ev) => {
    const type = ev.type
    const isOneOf = type >= GENERIC_CODES && type < EVENT_COUNT ? matches[type] === 1 : names.has(eventName(ev))
    return isOneOf === wanted
  }
}

/** Switches of threads and events that the capture itself makes are no calls. */
const isCall = byType(({ const: code, flags }) => code !== 'PPME_SCHEDSWITCH_6_E' && !flags.includes('SKIPPARSERESET'), false)

const TYPE_IS: Field = {
  name: 'evt.type.is',
  type: 'UINT32',
  doc: '1 for events of the type that the argument names, evt.type.is.open, and 0 for all others.',
  arg: 'required',
  bind: (arg): Extractor => {
    const [first] = eventTypes(arg ?? '')
    const codes = /^\d+$/.test(arg ?? '') ? [Number(arg)] : first === undefined ? [] : [first, first + 1]
    if (codes.length === 0) throw new RangeError(`unknown event type ${arg ?? ''}`)
    return { get: (ev) => (codes.includes(ev.type) ? 1 : 0) }
  },
}

const CATEGORIES: Readonly<Record<string, string>> = {
  OTHER: 'other', FILE: 'file', NET: 'net', IPC: 'IPC', MEMORY: 'memory', PROCESS: 'process', SLEEP: 'sleep', SYSTEM: 'system',
  SIGNAL: 'signal', USER: 'user', TIME: 'time', PROCESSING: 'processing', WAIT: 'wait', SCHEDULER: 'scheduler',
}

/** What the events of a type are about; undefined where that depends on the fd. */
const categoryOf = byType(({ category }) => (category.startsWith('IO_') ? undefined : CATEGORIES[category] ?? 'unknown'), 'unknown')

function categoryOfFd(fd: FdInfo | undefined): string {
  switch (fd?.type) {
    case FD.FILE: case FD.FILE_V2: case FD.DIRECTORY:
      return 'file'
    case FD.IPV4: case FD.IPV6: case FD.IPV4_SERVER: case FD.IPV6_SERVER:
      return 'net'
    case FD.FIFO: case FD.UNIX: case FD.EVENT: case FD.SIGNALFD: case FD.INOTIFY:
      return 'ipc'
    default:
      return 'unknown'
  }
}

export const TYPE_FIELDS: readonly Field[] = [
  define('evt.num', 'UINT64', 'Number of the event in its capture, from 1.', {
    get: (ev) => ev.num,
    write: (out, ev) => {
      out.reserve(0)
      out.decimal(ev.num)
      return true
    },
  }),
  define('evt.dir', 'CHARBUF', '> for the enter event of a call, < for its exit event.', {
    get: directionText,
    write: (out, ev) => {
      out.reserve(0)
      out.byte(directionText(ev).charCodeAt(0))
      return true
    },
  }),
  define('evt.type', 'CHARBUF', 'The name of the event: open, read, switch.', {
    get: eventName,
    compare: compareType,
    write: (out, ev) => {
      out.text(eventName(ev))
      return true
    },
  }),
  TYPE_IS,
  define('syscall.type', 'CHARBUF', 'The name of the system call; none for events that no call makes.',
    (ev) => (isCall(ev.type) ? eventName(ev) : undefined)),
  define(
    'evt.category', 'CHARBUF',
    'What the event is about: file, net, IPC, memory, process, wait, signal …; of reads and writes, what their fd is.',
    (ev) => (ev.type < GENERIC_CODES ? callCategory(eventName(ev)) : categoryOf(ev.type) ?? categoryOfFd(ev._fd)), { needs: ['fd'] }),
  define('evt.cpu', 'INT16', 'Number of the CPU on which it happened.', {
    get: (ev) => ev.cpu,
    write: (out, ev) => {
      out.reserve(0)
      out.decimal(ev.cpu)
      return true
    },
  }),
  define('evt.source', 'CHARBUF', 'Where the event comes from: syscall.',
    (ev) => (ev.type === PACKET || isPluginEvent(ev.type) ? undefined : 'syscall'), { since: '0.11' }),
  define('evt.is_async', 'BOOL', 'Does no call make it, but the capture itself or a plugin?', (ev) => isMeta(ev.type), { since: '0.11' }),
  define('evt.asynctype', 'CHARBUF', 'Of events that no call makes, their name.',
    (ev) => (isMeta(ev.type) ? eventName(ev) : undefined), { since: '0.11' }),
]

const isPluginEvent = byType(({ const: code }) => code.startsWith('PPME_PLUGINEVENT_'), true)

/** Events of the capture itself: lost events, containers, threads, users. */
const isMeta = byType(({ const: code }) => META.has(code.replace('PPME_', '')), false)

const META = new Set([
  'DROP_E', 'DROP_X', 'SCAPEVENT_E', 'SCAPEVENT_X', 'TRACER_E', 'TRACER_X', 'CONTAINER_E', 'CONTAINER_JSON_E', 'CONTAINER_JSON_2_E',
  'PROCINFO_E', 'CPU_HOTPLUG_E', 'K8S_E', 'MESOS_E', 'NOTIFICATION_E', 'INFRASTRUCTURE_EVENT_E', 'ASYNCEVENT_E',
  'USER_ADDED_E', 'USER_DELETED_E', 'GROUP_ADDED_E', 'GROUP_DELETED_E',
])
