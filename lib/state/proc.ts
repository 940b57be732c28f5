import { closeSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs'

/** A machine with a hundred thousand sockets has tables of some ten megabytes. */
const MAX_FILE = 64 * 1024 * 1024

/**
 * Below this an answer was the last one, which saves a call per file: while there is more, the kernel fills a page but
 * for the line that does not fit any more.
 */
const LAST_ANSWER = 2048

/**
 * Reads from /proc. Everything there may vanish between two calls, or belong to somebody else: what cannot be read is
 * undefined, and never an error.
 *
 * Synchronous on purpose: these files never wait for a disk, and a trip to the thread pool costs more than reading one.
 */
export class Proc {
  readonly root: string
  /** Files of /proc do not tell their size: they are read until their end into this, which only grows. */
  #buffer = Buffer.allocUnsafeSlow(64 * 1024)

  constructor(root = '/proc') {
    this.root = root
  }

  /** The file's first `limit` bytes, valid until the next read. */
  bytes(path: string, limit = MAX_FILE): Buffer | undefined {
    let fd = -1
    try {
      fd = openSync(`${this.root}/${path}`, 'r')
      let length = 0
      while (length < limit) {
        if (length === this.#buffer.length) this.#buffer = Buffer.concat([this.#buffer, this.#buffer])
        const asked = Math.min(this.#buffer.length, limit) - length
        const count = readSync(fd, this.#buffer, length, asked, null)
        length += count
        if (count < LAST_ANSWER && count < asked) break
      }
      return this.#buffer.subarray(0, length)
    } catch {
      return undefined
    } finally {
      if (fd >= 0) closeSync(fd)
    }
  }

  text(path: string): string | undefined {
    return this.bytes(path)?.toString('utf8')
  }

  /** Where a link points; the names of deleted files end in " (deleted)". */
  link(path: string): string | undefined {
    try {
      return readlinkSync(`${this.root}/${path}`)
    } catch {
      return undefined
    }
  }

  /** The process that has started this one, or has inherited it; 0 where there is none, or it is not known. */
  parent(pid: number): number {
    // pid (comm) state ppid …, where comm may hold anything
    return Number(/.*\) \S (\d+)/s.exec(this.text(`${pid}/stat`) ?? '')?.[1] ?? 0)
  }

  /** The names in a directory that are numbers: pids, tids, fds. */
  numbers(path: string): number[] {
    try {
      return readdirSync(`${this.root}/${path}`).map(Number).filter(Number.isInteger)
    } catch {
      return []
    }
  }
}
