import { CaptureError } from '../errors.js'
import type { Event } from '../event/event.js'
import type { Choice } from './feed.js'

/**
 * What chooses the queue of a record. `tid`, `pid`, `fd`, `cpu`: everything of a thread, a process, an open file of a process, a CPU
 * goes to one queue, in order. `flow`: the packets of a connection in both directions and the system calls on its sockets; what
 * belongs to no connection goes by process. `round-robin`: each queue in turn, so that the two events of a call may part, and a name
 * that the first one tells is not known with the second. `fan-out`: every queue gets everything. `fan-out+round-robin`: queue 0 gets
 * everything, the others take turns. A packet has no thread: but for `cpu`, `round-robin` and the fan-outs it goes by flow.
 */
export type Key = (typeof KEYS)[number] | 'fan-out' | 'fan-out+round-robin'

/** Those that the addon knows: kKeys of native/addon/cluster_options.cc. */
const KEYS = ['tid', 'pid', 'fd', 'cpu', 'flow', 'round-robin'] as const
export const ALL_KEYS: readonly Key[] = [...KEYS, 'fan-out', 'fan-out+round-robin']

/**
 * A number of queues, or of several applications by name the number of each: every application gets every record, on one of its
 * queues.
 */
export type Queues = number | Readonly<Record<string, number>>

/** kMaxQueues of native/cluster/layout.h */
const MAX_QUEUES = 128

/** One application as the addon is told of it. */
export interface Application {
  readonly name: string
  readonly key: (typeof KEYS)[number]
  readonly queues: number
}

export interface Policy {
  readonly by: string
  readonly applications: readonly Application[]
  /** A function that chooses, on this thread. */
  readonly choose?: (ev: Event) => Choice | undefined
}

/** @throws CaptureError ERR_CAPTURE_OPTION */
export function policyOf(by: Key | ((ev: Event) => Choice | undefined), queues: Queues): Policy {
  const sizes = Object.entries(typeof queues === 'number' ? { queue: queues } : queues)
  const total = sizes.reduce((sum, [, size]) => sum + size, 0)
  if (sizes.some(([, size]) => !Number.isInteger(size) || size < 1) || total < 1 || total > MAX_QUEUES) {
    throw new CaptureError('ERR_CAPTURE_OPTION', `queues must be 1 to ${MAX_QUEUES} together, and at least 1 of each application`, '{ queues: 4 } or { queues: { counters: 2, recorder: 1 } }')
  }
  if (typeof by === 'function') return { by: 'function', choose: by, applications: keyed('tid', sizes) }
  if (!ALL_KEYS.includes(by)) throw new CaptureError('ERR_CAPTURE_OPTION', `records cannot be balanced by ${String(by)}`, `one of ${ALL_KEYS.join(', ')}`)
  if (by !== 'fan-out' && by !== 'fan-out+round-robin') return { by, applications: keyed(by, sizes) }
  if (typeof queues !== 'number') throw new CaptureError('ERR_CAPTURE_OPTION', `${by} takes a number of queues: several applications are a fan-out already`, '{ queues: 3 }')
  const single = (index: number): Application => ({ name: `queue${index}`, key: 'round-robin', queues: 1 })
  if (by === 'fan-out') return { by, applications: Array.from({ length: queues }, (_, index) => single(index)) }
  if (queues < 2) throw new CaptureError('ERR_CAPTURE_OPTION', `${by} takes at least 2 queues`, '{ queues: 3 }')
  return { by, applications: [{ ...single(0), name: 'all' }, { name: 'turns', key: 'round-robin', queues: queues - 1 }] }
}

function keyed(key: Application['key'], sizes: readonly [string, number][]): Application[] {
  return sizes.map(([name, queues]) => ({ name, key, queues }))
}
