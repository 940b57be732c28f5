// The second stage of stages.ts: of the exits, those that took 100 µs or more. A text goes with the event, as its note.
import type { Stage } from 'sysring'

const entered = new Map<number, bigint>() // tid → time

export default (ev => {
  if (ev.dir === 'enter') {
    entered.set(ev.tid, ev.ts)
    return false
  }
  const start = entered.get(ev.tid)
  entered.delete(ev.tid)
  const microseconds = start === undefined ? 0 : Number(ev.ts - start) / 1000
  return microseconds >= 100 && `${microseconds.toFixed(0)} µs`
}) satisfies Stage
