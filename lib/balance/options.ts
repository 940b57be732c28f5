import { availableParallelism } from 'node:os'
import { CaptureError } from '../errors.js'
import type { Event } from '../event/event.js'
import type { Table } from '../field/field.js'
import type { Choice } from './feed.js'
import type { Key, Queues } from './policy.js'

/** Options of balance(). */
export interface BalanceOptions {
  /** What chooses the queue of a record; default 'tid'. A function runs on this thread, for each record: it returns the number of a queue, −1 for none, undefined for that of its thread ('tid'). */
  by?: Key | ((ev: Event) => Choice | undefined)
  /** Default: one per CPU. */
  queues?: Queues
  /**
   * Name of the cluster: others attach with `cluster:ID@QUEUE`. By default one that no other has. Root's clusters are below
   * /run/sysring, other users' below $XDG_RUNTIME_DIR.
   */
  id?: string | number
  /**
   * Put the memory into this file, for those who can see files and no sockets: a virtual machine, another mount namespace. They
   * attach with `cluster:PATH@QUEUE`. One that is made goes with the cluster; one that is there, as QEMU makes it, is used where it
   * is, if it is large enough. Who may consume a queue of a named file can write all of it, and end this process by truncating it.
   */
  path?: string
  /** Owner (uid) and group (gid) of the cluster, and who may consume, as for a file: default this process's, and 0o600, with a group 0o660. */
  owner?: number
  group?: number
  mode?: number
  /** Size of each queue in bytes, a power of two from 128 KiB to 1 GiB; default 4 MiB. */
  queueBytes?: number
  /** Of queue N only what this keeps, in sysdig's filter language: by event type when it is placed, the rest when it is read. */
  filters?: readonly (string | undefined)[]
  /** Of queue N only so many bytes of each I/O buffer and packet. */
  snaplens?: readonly (number | undefined)[]
  /**
   * Events that others cannot be understood without (a process begins, a file is opened) go to every queue, flagged
   * FLAG_STATE_ONLY where they are not meant for it. Default true.
   */
  stateEvents?: boolean
  /** @internal Of those only what these tables are made of, for queues with a filter: all that their consumers look at beside it. */
  tables?: ReadonlySet<Table>
  /** A record is in its queue at most so many ms after it was made: 2 … 1000, default 10. */
  maxWaitMs?: number
  /** How long records are held back so that those of other sources can be put in order, in ms: default 1. */
  windowMs?: number
  /** What happens when a queue is full: default 'wait' where the source can wait, as a file can, else 'drop'. */
  full?: 'drop' | 'wait'
  /** CPU that the balancing thread runs on; default: any. */
  cpu?: number
  /** A module that every queue gets a worker thread of, in which `queue()` of 'sysring/worker' is its capture. */
  worker?: string | URL
  /** Its workerData, besides what it needs to find its queue. */
  workerData?: unknown
  /** CPUs of the workers, by queue. */
  workerCpus?: readonly number[]
  /** How often a worker that throws is started again within a minute, before the whole cluster ends with its error: default 5. */
  restarts?: number
  /** What workers post with parentPort.postMessage(). */
  onMessage?: (message: unknown, queue: number) => void
}

const MIN_QUEUE_BYTES = 128 << 10
const MAX_QUEUE_BYTES = 1 << 30
const NAMES = [
  'by', 'queues', 'id', 'path', 'owner', 'group', 'mode', 'queueBytes', 'filters', 'snaplens', 'stateEvents', 'tables', 'maxWaitMs', 'windowMs', 'full', 'cpu',
  'worker', 'workerData', 'workerCpus', 'restarts', 'onMessage',
]

/** Checks every option by name and fills in the defaults. @throws CaptureError ERR_CAPTURE_OPTION */
export function checkBalanceOptions(options: BalanceOptions) {
  const unknown = Object.keys(options).find(name => !NAMES.includes(name))
  if (unknown !== undefined) throw new CaptureError('ERR_CAPTURE_OPTION', `there is no option ${unknown}`, `one of ${NAMES.join(', ')}`)
  const queueBytes = integer('queueBytes', options.queueBytes ?? 4 << 20, MIN_QUEUE_BYTES, MAX_QUEUE_BYTES)
  if ((queueBytes & (queueBytes - 1)) !== 0) {
    throw new CaptureError('ERR_CAPTURE_OPTION', `queueBytes must be a power of two, not ${queueBytes}`, `{ queueBytes: ${1 << Math.round(Math.log2(queueBytes))} }`)
  }
  const { full } = options
  if (full !== undefined && full !== 'drop' && full !== 'wait') throw new CaptureError('ERR_CAPTURE_OPTION', `full must be 'drop' or 'wait', not ${String(full)}`, "{ full: 'drop' }")
  for (const snaplen of options.snaplens ?? []) if (snaplen !== undefined) integer('a snaplen', snaplen, 0, 65_535)
  return {
    ...options,
    by: options.by ?? 'tid' as const,
    queues: options.queues ?? availableParallelism(),
    queueBytes,
    filters: options.filters ?? [],
    snaplens: options.snaplens ?? [],
    stateEvents: options.stateEvents ?? true,
    mode: integer('mode', options.mode ?? (options.group === undefined ? 0o600 : 0o660), 0, 0o777),
    owner: integer('owner', options.owner ?? -1, -1, 0xffff_fffe),
    group: integer('group', options.group ?? -1, -1, 0xffff_fffe),
    maxWaitMs: integer('maxWaitMs', options.maxWaitMs ?? 10, 2, 1000),
    windowNs: integer('windowMs', options.windowMs ?? 1, 0, 1000) * 1e6,
    cpu: integer('cpu', options.cpu ?? -1, -1, 1023),
    restarts: integer('restarts', options.restarts ?? 5, 0, 1e6),
  }
}
export type CheckedBalanceOptions = ReturnType<typeof checkBalanceOptions>

function integer(name: string, value: number, low: number, high: number): number {
  if (Number.isInteger(value) && value >= low && value <= high) return value
  throw new CaptureError('ERR_CAPTURE_OPTION', `${name} must be a whole number from ${low} to ${high}, not ${value}`, `leave ${name} out for the default`)
}
