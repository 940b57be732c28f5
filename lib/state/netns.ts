import type { Proc } from './proc.js'

/**
 * Inode of the network namespace that a thread is in now, as in "net:[4026531840]"; 0 if that cannot be seen. `thread` is its folder
 * in /proc: "PID", "PID/task/TID", or "thread-self" for who asks.
 */
export function netnsOf(proc: Proc, thread: string): number {
  return Number(/^net:\[(\d+)\]$/.exec(proc.link(`${thread}/ns/net`) ?? '')?.[1] ?? 0)
}
