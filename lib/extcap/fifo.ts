import { closeSync, constants, openSync } from 'node:fs'
import { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { CaptureError } from '../errors.js'

/** How often it is looked whether somebody reads, in ms. */
const LOOK_MS = 10
/** The same when somebody does, in ms: Wireshark tells when it has enough, and nobody when it was killed. */
const WATCH_MS = 500
/** As long as Wireshark may take to begin to read, in ms. */
const PATIENCE_MS = 30_000

/** The pipe to Wireshark's dumpcap. */
export class Fifo implements Disposable {
  /** Writes as fast as the reader reads; fails with EPIPE when there is none. */
  readonly stream: Socket
  readonly #fd: number
  #watch: NodeJS.Timeout | undefined

  /** Waits for the reader. @throws CaptureError ERR_CAPTURE_IO */
  static async open(path: string): Promise<Fifo> {
    const parent = process.ppid
    for (let waited = 0; ; waited += LOOK_MS) {
      try {
        return new Fifo(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK))
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (code !== 'ENXIO') throw new CaptureError('ERR_CAPTURE_IO', `cannot write to ${path}: ${code}`, '--fifo is a FIFO that somebody else has made', error)
        if (waited >= PATIENCE_MS || process.ppid !== parent) throw new CaptureError('ERR_CAPTURE_IO', `nobody reads from ${path}`, 'start the capture again', error)
      }
      // Not open(), which would wait in a thread and keep the process from ending.
      await sleep(LOOK_MS)
    }
  }

  private constructor(fd: number) {
    this.#fd = fd
    this.stream = new Socket({ fd, readable: false, writable: true })
    // Whoever writes gets it.
    this.stream.on('error', () => {})
  }

  /** Calls back when the reader has gone, also if there is nothing to be written. */
  onReaderGone(gone: () => void): void {
    this.#watch = setInterval(() => {
      if (!this.stream.destroyed && this.#isRead()) return
      clearInterval(this.#watch)
      gone()
    }, WATCH_MS)
  }

  /** A FIFO without a reader cannot be opened. Its name may be gone; its descriptor is another one. */
  #isRead(): boolean {
    try {
      closeSync(openSync(`/proc/self/fd/${this.#fd}`, constants.O_WRONLY | constants.O_NONBLOCK))
      return true
    } catch (error) {
      return (error as NodeJS.ErrnoException).code !== 'ENXIO'
    }
  }

  /** Then the reader is at the end. */
  [Symbol.dispose](): void {
    clearInterval(this.#watch)
    this.stream.destroy()
  }
}
