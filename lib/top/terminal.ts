import { writeSync } from 'node:fs'
import { isBrokenPipe } from '../cli/report.js'

/** The other screen, which leaves the lines of this one alone; home; erase; no cursor. */
const ENTER = '\x1b[?1049h\x1b[H\x1b[2J\x1b[?25l'
/** Colours as they were, the cursor, the lines of before. */
const LEAVE = '\x1b[0m\x1b[?25h\x1b[?1049l'
const STDOUT = 1
/** Signals that end a process where nobody listens, beside those that end a command in an orderly way. */
const DEADLY = ['SIGQUIT', 'SIGABRT', 'SIGALRM', 'SIGVTALRM', 'SIGXCPU', 'SIGUSR2'] as const

/**
 * The terminal while a program has all of it. However the program ends, but for SIGKILL and the like, it is as it was before: by
 * leave(), at the end of the process, before an error that nobody has caught is printed, and at signals that nobody expects.
 */
export class Terminal {
  readonly #drawing: () => void
  #entered = false

  /** `stop` ends whatever draws on it, at once. */
  constructor(stop: () => void) {
    this.#drawing = stop
  }

  enter(): void {
    this.#entered = true
    process.on('exit', this.leave)
    process.on('uncaughtExceptionMonitor', this.leave)
    for (const signal of DEADLY) process.on(signal, this.#die)
    write(ENTER)
  }

  /** May be called twice. */
  readonly leave = (): void => {
    if (!this.#entered) return
    this.#entered = false
    process.off('exit', this.leave)
    process.off('uncaughtExceptionMonitor', this.leave)
    for (const signal of DEADLY) process.off(signal, this.#die)
    this.#drawing()
    // It may be gone: then there is nothing to be put in order.
    try {
      if (process.stdin.isTTY) process.stdin.setRawMode(false)
      write(LEAVE)
    } catch (error) {
      if (!isGone(error)) throw error
    }
  }

  readonly #die = (signal: NodeJS.Signals): void => {
    this.leave()
    process.kill(process.pid, signal)
  }
}

/** Synchronous: there may be no later. */
function write(text: string): void {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(STDOUT, bytes, at)
    } catch (error) {
      // Somebody who shares the terminal has made it non-blocking.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    }
  }
}

/** Is the terminal no longer there? EIO is what the kernel says of one that has hung up. */
export function isGone(error: unknown): boolean {
  return isBrokenPipe(error) || ['EIO', 'EBADF', 'ENXIO'].includes((error as NodeJS.ErrnoException | undefined)?.code ?? '')
}
