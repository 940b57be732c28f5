import { hostname, totalmem } from 'node:os'
import type { Proc } from './proc.js'

export interface Machine {
  /** CPUs that are online. */
  cpus: number
  /** Bytes of memory. */
  memory: number
  maxPid: number
  hostname: string
  /** When it booted, in nanoseconds since the epoch; the kernel tells whole seconds. */
  bootTime: bigint
}

export function readMachine(proc: Proc): Machine {
  const stat = proc.text('stat') ?? ''
  return {
    cpus: stat.match(/^cpu\d/gm)?.length ?? 1,
    memory: totalmem(),
    maxPid: Number(proc.text('sys/kernel/pid_max') ?? 0),
    hostname: hostname(),
    bootTime: BigInt(/^btime (\d+)$/m.exec(stat)?.[1] ?? 0) * 1_000_000_000n,
  }
}
