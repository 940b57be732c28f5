import type { Event } from '../event/event.js'
import { numberAt } from '../event/decode.js'
import { writePlainArg } from '../event/text.js'
import type { FdInfo } from '../state/fdinfo.js'
import { byType } from './bytype.js'
import { define } from './define.js'
import type { Field } from './field.js'
import { Param } from './param.js'

const reads = byType(({ flags }) => flags.includes('READS_FROM_FD'), false)
const writes = byType(({ flags }) => flags.includes('WRITES_TO_FD'), false)
const waits = byType(({ flags }) => flags.includes('WAITS'), false)

const DATA = new Param('data')

/** The data itself, in place: valid until the burst ends. */
function data(ev: Event): Uint8Array | undefined {
  const index = DATA.indexIn(ev)
  if (index < 0) return undefined
  const at = ev._paramAt(index)
  return ev._memory.subarray(at, at + ev._paramLength(index))
}

type Way = 'READ' | 'WRITE' | 'OTHER' | ''

/** Which way data goes in events of a type; '' where it does not. */
const wayOf = byType<Way>(({ category }) => (category.startsWith('IO_') ? category.slice('IO_'.length) as Way : ''), '')

/** Bytes that a call on a known fd has moved: what it returned. */
function moved(ev: Event, way: Way | undefined, isOne: (fd: FdInfo) => boolean): number | undefined {
  const fd = ev._fd
  const type = ev.type
  if (fd === undefined || (type & 1) === 0 || ev.nparams === 0 || ev._paramLength(0) < 8) return undefined
  const its = wayOf(type)
  if (its === '' || (way !== undefined && way !== its) || !isOne(fd)) return undefined
  const result = numberAt(ev, ev._paramAt(0))
  return result < 0 ? undefined : result
}

const KINDS = [
  { suffix: '', words: '', isOne: () => true },
  { suffix: '.file', words: ' of files', isOne: (fd: FdInfo) => fd.isFile },
  { suffix: '.net', words: ' of IP sockets', isOne: (fd: FdInfo) => fd.isIpSocket || fd.isServerSocket },
] as const

const WAYS = [
  { suffix: '', words: 'read or written', way: undefined },
  { suffix: '.in', words: 'read', way: 'READ' },
  { suffix: '.out', words: 'written', way: 'WRITE' },
] as const

const BUFFER_LENGTHS: readonly Field[] = KINDS.flatMap((kind) => WAYS.map((way) =>
  define(`evt.buflen${kind.suffix}${way.suffix}`, 'UINT64', `Bytes${kind.words} that were ${way.words}.`,
    (ev) => moved(ev, way.way, kind.isOne), { needs: ['fd'] })))

/** Is it a write to the socket of the system's log? */
export function isSyslogWrite(ev: Event): boolean {
  return writes(ev.type) && ev._fd !== undefined && ev._fd.name.includes('/dev/log')
}

export const IO_FIELDS: readonly Field[] = [
  define('evt.buffer', 'BYTEBUF', 'The data that was read or written, as far as it was captured.',
    { get: data, write: (out, ev) => writePlainArg(out, ev, DATA.indexIn(ev)) }),
  ...BUFFER_LENGTHS,
  define('evt.is_io', 'BOOL', 'Does it read from an fd, or write to one?', ({ type }) => reads(type) || writes(type)),
  define('evt.is_io_read', 'BOOL', 'Does it read from an fd?', ({ type }) => reads(type)),
  define('evt.is_io_write', 'BOOL', 'Does it write to an fd?', ({ type }) => writes(type)),
  define('evt.io_dir', 'CHARBUF', 'read or write, for events that do it.',
    ({ type }) => (writes(type) ? 'write' : reads(type) ? 'read' : undefined)),
  define('evt.is_wait', 'BOOL', 'May the call make its thread wait, as poll and nanosleep do?', ({ type }) => waits(type)),
  define('evt.wait_latency', 'RELTIME', 'Nanoseconds that a call has waited, of those that may wait.',
    (ev) => (waits(ev.type) && (ev.type & 1) === 1 ? ev._thread?.latency ?? 0 : undefined), { needs: ['thread', 'call'] }),
  define('evt.is_syslog', 'BOOL', 'Does it write to /dev/log?', isSyslogWrite, { needs: ['fd'] }),
]
