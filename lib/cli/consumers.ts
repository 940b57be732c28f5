import { Proc } from '../state/proc.js'

const STDIN = 0
const STDOUT = 1

/**
 * The processes that read what this one, or another, writes to standard output, and those that read their output in turn.
 *
 * A live capture whose output is piped would otherwise feed itself: each event makes its reader work, and that work is
 * more events. Found in /proc: whoever has that pipe as its standard input, and where nobody has, which of those that have started us
 * reads it, as sshd does. None when standard output is no pipe.
 */
export function consumers(of = process.pid): Consumers {
  const proc = new Proc()
  const readers = readersOfPipes(proc)
  const found: number[] = []
  let pipe = pipeAt(proc, of, STDOUT)
  while (pipe !== undefined && found.length < 64) {
    const next = (readers.get(pipe) ?? []).filter(pid => !found.includes(pid))
    if (next.length === 0) break
    found.push(...next)
    pipe = pipeAt(proc, next[0], STDOUT)
  }
  const ancestor = pipe === undefined ? undefined : ancestors(proc).find(pid => reads(proc, pid, pipe))
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
function ancestors(proc: Proc): number[] {
  const found: number[] = []
  for (let pid = process.ppid; pid > 1 && found.length < 64; pid = proc.parent(pid)) found.push(pid)
  return found
}

/** Has the process a descriptor to read that pipe with? */
function reads(proc: Proc, pid: number, pipe: string): boolean {
  return proc.numbers(`${pid}/fd`).some(fd => pipeAt(proc, pid, fd) === pipe && isForReading(proc, pid, fd))
}

/** The lowest two bits of a descriptor's flags, O_ACCMODE, are 0 for reading only. See proc_pid_fdinfo(5). */
function isForReading(proc: Proc, pid: number, fd: number): boolean {
  const flags = /^flags:\s*([0-7]+)$/m.exec(proc.text(`${pid}/fdinfo/${fd}`) ?? '')
  return flags !== null && (parseInt(flags[1], 8) & 3) === 0
}

/** pipe → the processes that have it as standard input. */
function readersOfPipes(proc: Proc): Map<string, number[]> {
  const readers = new Map<string, number[]>()
  for (const pid of proc.numbers('')) {
    if (pid === process.pid) continue
    const pipe = pipeAt(proc, pid, STDIN)
    if (pipe !== undefined) readers.set(pipe, [...(readers.get(pipe) ?? []), pid])
  }
  return readers
}

/** The pipe behind a process's fd; undefined for anything else and for processes that are gone or not ours. */
function pipeAt(proc: Proc, pid: number, fd: number): string | undefined {
  const link = proc.link(`${pid}/fd/${fd}`)
  return link?.startsWith('pipe:') === true ? link : undefined
}
