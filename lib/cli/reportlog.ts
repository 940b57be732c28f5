import { constants, type FileHandle, open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { CaptureError } from '../errors.js'
import { localDateTime } from '../event/clock.js'

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants
/** Who did what on a machine is nobody else's business. */
const MODE = 0o600

/** A file that lines are appended to, beside what is shown. */
export class ReportLog {
  /** As it was given, or chosen. */
  readonly path: string
  readonly #flags: number
  #file: FileHandle | undefined
  #text = ''

  /** `path` undefined: `Log_<date>_<time>` in the current directory, of the local time at which the run began. */
  constructor(path: string | undefined, began: Date) {
    this.path = path ?? nameAt(began)
    // A name that anybody can foretell may be a link that somebody has put there.
    this.#flags = O_WRONLY | O_APPEND | O_CREAT | (path === undefined ? O_NOFOLLOW : 0)
  }

  /** Makes the file where it is not there. @throws CaptureError ERR_CAPTURE_IO */
  async open(): Promise<void> {
    try {
      this.#file = await open(this.path, this.#flags, MODE)
    } catch (error) {
      throw this.#failure(error as NodeJS.ErrnoException)
    }
  }

  line(text: string): void {
    this.#text += `${text}\n`
  }

  /** Resolves when all lines are in the file. @throws CaptureError ERR_CAPTURE_IO */
  async flush(): Promise<void> {
    const text = this.#text
    this.#text = ''
    try {
      await this.#file?.appendFile(text)
    } catch (error) {
      throw this.#failure(error as NodeJS.ErrnoException)
    }
  }

  async close(): Promise<void> {
    await this.#file?.close()
    this.#file = undefined
  }

  #failure(error: NodeJS.ErrnoException): CaptureError {
    const hint = error.code === 'ENOSPC' ? 'the disk is full: make room (df -h), or --no-log' : '--log FILE for another place, --no-log for none'
    return new CaptureError('ERR_CAPTURE_IO', `cannot write ${resolve(this.path)}: ${error.code ?? error.message}`, hint, error)
  }
}

/** Log_2026-11-21_20-06-56: in order of time when sorted by name, and no file system minds it. */
function nameAt(time: Date): string {
  const [date, clock] = localDateTime(BigInt(time.getTime()) * 1_000_000n).slice(0, 19).split(' ')
  return `Log_${date}_${clock.replaceAll(':', '-')}`
}
