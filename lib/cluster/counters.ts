/** What became of the records of one queue: seen = received + dropped + filtered. */
export interface QueueStats {
  queue: number
  /** Records placed. */
  received: number
  /** Records for which there was no room. */
  dropped: number
  /** Records that the queue's filter does not want. */
  filtered: number
  /** Bytes of the records placed. */
  bytes: number
  /** Copies, flagged FLAG_STATE_ONLY, of records that went to another queue: placed, and without room. Not in the numbers above. */
  stateReceived: number
  stateDropped: number
  /** Most bytes that were ever waiting, and how many wait now. */
  highWatermark: number
  waiting: number
  /** How often the consumer's side of the memory was found to be nonsense. */
  faults: number
}

/** Numbers that a handle writes per queue: see WriteCounters in native/addon/queue_handle.cc. */
export const COUNTERS = 9
/** The one among them that is looked at with every burst. */
export const DROPPED = 1

export function queueStats(queue: number, from: Float64Array, at = 0): QueueStats {
  const [received, dropped, filtered, bytes, stateReceived, stateDropped, highWatermark, faults, waiting] = from.subarray(at, at + COUNTERS)
  return { queue, received, dropped, filtered, bytes, stateReceived, stateDropped, highWatermark, waiting, faults }
}
