import { readdirSync, readlinkSync } from 'node:fs'

/**
 * The processes that read what this one, or another, writes to standard output, and those that read their output in turn.
 *
 * A live capture whose output is piped would otherwise feed itself: each event makes its reader work, and that work is
 * more events. Found in /proc: whoever has that pipe as its standard input. Empty when standard output is no pipe.
 */
export function consumers(of = process.pid): number[] {
  const readers = readersOfPipes()
  const found: number[] = []
  let pipe = target(String(of), 1)
  while (pipe !== undefined && found.length < 64) {
    const next = (readers.get(pipe) ?? []).filter(pid => !found.includes(pid))
    found.push(...next)
    pipe = next.length > 0 ? target(String(next[0]), 1) : undefined
  }
  return found
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
