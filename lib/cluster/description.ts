import { CaptureError } from '../errors.js'
import type { Interface } from '../iface/capture.js'

/** What the producer of a cluster says of it, in the header of its memory. */
export interface Description {
  /** What is balanced: "sysdig", "trace.scap". */
  readonly device: string
  readonly interfaces: readonly Interface[]
  /** What chooses a record's queue: "tid". */
  readonly by: string
  /** Does the producer wait where a queue is full, as it can where it reads files? Otherwise it drops. */
  readonly waits: boolean
  readonly queues: readonly QueueDescription[]
}

export interface QueueDescription {
  /** Of which application it is, by name, and the how manieth queue of it. */
  readonly application: string
  readonly index: number
  /** Only for what this filter keeps. By event type the balancer has applied it, the rest is for the consumer to do. */
  readonly filter?: string
}

/** @throws CaptureError ERR_CAPTURE_FORMAT */
export function parseDescription(json: string): Description {
  try {
    const { device, interfaces, by, waits, queues } = JSON.parse(json) as Description
    if (typeof device === 'string' && typeof by === 'string' && typeof waits === 'boolean' && Array.isArray(interfaces) && Array.isArray(queues)) {
      return { device, interfaces, by, waits, queues }
    }
  } catch { /* said below */ }
  throw new CaptureError('ERR_CAPTURE_FORMAT', "the cluster's description makes no sense", 'use the same version of sysring on both sides')
}
