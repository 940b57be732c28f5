import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/**
 * The processes that read what this one, or another, writes to standard output, and those that read their output in turn.
 *
 * A live capture whose output is piped would otherwise feed itself: each event makes its reader work, and that work is
 * more events. Found in /proc: whoever has that pipe as its standard input, and where nobody has, which of those that have started us
 * reads it, as sshd does. None when standard output is no pipe.
 */
export function consumers(of = process.pid): Consumers {
  const readers = readersOfPipes()
  const found: number[] = []
  let pipe = target(String(of), 1)
  while (pipe !== undefined && found.length < 64) {
    const next = (readers.get(pipe) ?? []).filter(pid => !found.includes(pid))
    if (next.length === 0) break
    found.push(...next)
    pipe = target(String(next[0]), 1)
  }
  const ancestor = pipe === undefined ? undefined : ancestors().find(pid => reads(pid, pipe))
  return ancestor === undefined ? { pids: found, children: true } : { pids: [...found, ancestor], children: false }
}

export interface Consumers {
  pids: number[]
  /**
   * What they start reads for them, as dumpcap does for tshark. What one starts that has started us is something else: the other
   * commands of an ssh connection.
   */
  children: boolean
}

/** From our parent on. */
function ancestors(): number[] {
  const found: number[] = []
  for (let pid = process.ppid; pid > 1 && found.length < 64; pid = parentOf(pid)) found.push(pid)
  return found
}

function parentOf(pid: number): number {
  try {
    return Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1])
  } catch {
    return 0
  }
}

/** Has the process a descriptor to read that pipe with? */
function reads(pid: number, pipe: string): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some(fd => target(String(pid), Number(fd)) === pipe && isForReading(pid, fd))
  } catch {
    return false
  }
}

/** The lowest two bits of a descriptor's flags, O_ACCMODE, are 0 for reading only. See proc_pid_fdinfo(5). */
function isForReading(pid: number, fd: string): boolean {
  const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'))
  return flags !== null && (parseInt(flags[1], 8) & 3) === 0
}

/** pipe → the processes that have it as standard input. */
function readersOfPipes(): Map<string, number[]> {
  const readers = new Map<string, number[]>()
  for (const name of readdirSync('/proc')) {
    const pid = Number(name)
    if (!Number.isInteger(pid) || pid === process.pid) continue
    const pipe = target(name, 0)
    if (pipe !== undefined) readers.set(pipe, [...(readers.get(pipe) ?? []), pid])
  }
  return readers
}

/** The pipe or socket behind a process's fd; undefined for anything else and for processes that are gone or not ours. */
function target(pid: string, fd: number): string | undefined {
  try {
    const link = readlinkSync(`/proc/${pid}/fd/${fd}`)
    return link.startsWith('pipe:') ? link : undefined
  } catch {
    return undefined
  }
}
