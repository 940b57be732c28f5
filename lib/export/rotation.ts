import { unlink } from 'node:fs/promises'
import { epochSeconds } from '../event/clock.js'
import type { Event } from '../event/event.js'
import type { Burst } from '../iface/burst.js'
import type { Capture } from '../iface/capture.js'
import { save, type WriteFileOptions, type Written } from './file.js'
import { formatForPath, type Source } from './format.js'
import { strftime } from './strftime.js'

/** When a file ends and the next one begins. Whichever comes first. */
export interface Rotation {
  /** The file is larger than that many bytes; noticed within 8 KiB, in compressed files within some 100. */
  bytes?: number
  /** That many seconds, by the events' own time, have passed since it was begun. */
  seconds?: number
  /** That many records are in it. The first file has one less, as sysdig's. */
  events?: number
  /** How many files there may be: then the names begin again, and the oldest file is overwritten. */
  files?: number
}

export interface WriteFilesOptions extends WriteFileOptions {
  /** Seconds since the epoch at which the first file begins: for live captures. Otherwise: with the first event. */
  startedAt?: number
}

/** What has been written: bytes of all files, also of those that are gone again, and the paths in the order of writing. */
export interface WrittenFiles extends Written {
  paths: string[]
}

/**
 * Writes a capture into a series of files, each complete in itself. Files are named as sysdig names them: `path` and a
 * number, or, where `seconds` is given and `path` has a % in it, strftime(3) of the time at which the file begins.
 */
export async function writeFiles(capture: Capture, path: string, rotation: Rotation, options: WriteFilesOptions = {}): Promise<WrittenFiles> {
  const { format, gzip } = formatForPath(path)
  const names = new Names(path, rotation, options.startedAt)
  const turns = new Turns(rotation, names)
  const parts = new Parts(capture)
  let isOver = false
  const until = (event: Event, bytes: number): boolean => {
    if (parts.resumes()) return false
    if (options.until?.(event, bytes) === true) return (isOver = true)
    if (!turns.at(event, bytes)) return false
    parts.hold(event)
    return true
  }
  const written: WrittenFiles = { format, bytes: 0, paths: [] }
  try {
    for (let next = names.first(); ; next = names.next()) {
      if (next.gone !== undefined) await unlink(next.gone).catch(() => { /* it may have another name, or be gone already */ })
      const { format: used, bytes } = await save(parts, next.path, { format, gzip, ...options, until })
      written.format = used
      written.bytes += bytes
      if (!written.paths.includes(next.path)) written.paths.push(next.path)
      if (isOver || parts.ended) return written
    }
  } finally {
    await capture.close()
  }
}

/** sysdig sees a file grow when its buffer of that many bytes is full, and it is asked for more. */
const STEP = 8192

/** Decides before which record a new file begins. */
class Turns {
  readonly #rotation: Rotation
  readonly #names: Names
  #events = 0

  constructor(rotation: Rotation, names: Names) {
    this.#rotation = rotation
    this.#names = names
  }

  at(event: Event, bytes: number): boolean {
    const { seconds, bytes: limit, events } = this.#rotation
    this.#events++
    if (seconds !== undefined) {
      const now = epochSeconds(event)
      this.#names.time ??= now
      if (now - this.#names.time >= seconds) {
        this.#names.time = now
        return true
      }
    }
    if (limit !== undefined && bytes - 1 - ((bytes - 1) % STEP) > limit) return true
    if (events === undefined || this.#events < events) return false
    this.#events = 0
    return true
  }
}

/** The first file of a recorded trace that is split by time, when files are named by time: sysdig's name for it. */
const FIRST = 'first_dump.scap'

interface Name {
  path: string
  /** A file that is to be removed, so that there are not too many. */
  gone?: string
}

/** The names of the files, one after the other. */
class Names {
  /** Seconds since the epoch at which the current file begins, as far as it is known. */
  time: number | undefined
  readonly #path: string
  readonly #rotation: Rotation
  readonly #isByTime: boolean
  readonly #past: string[] = []
  #index = 0

  constructor(path: string, rotation: Rotation, startedAt: number | undefined) {
    this.#path = path
    this.#rotation = rotation
    this.#isByTime = rotation.seconds !== undefined && path.includes('%')
    this.time = startedAt
  }

  first(): Name {
    return this.#isByTime && this.time === undefined ? { path: FIRST } : this.next()
  }

  next(): Name {
    const { files, bytes, seconds, events } = this.#rotation
    if (files !== undefined && this.#index >= files) this.#index = 0
    const index = this.#index++
    let path = this.#path
    let gone: string | undefined
    if (this.#isByTime) {
      path = strftime(path, new Date(this.time! * 1000))
      if (files !== undefined) {
        gone = this.#past[index]
        this.#past[index] = path
      }
    } else if (seconds !== undefined) {
      path += index
    }
    if (bytes !== undefined) path += String(index).padStart(files === undefined ? 0 : String(files).length, '0')
    if (events !== undefined) path = `${this.#path}${index}`
    return gone === undefined ? { path } : { path, gone }
  }
}

/** A capture that can be left in the middle of a burst, and gone on with from there. */
class Parts implements Source {
  /** Has everything been handed out? */
  ended = false
  readonly #capture: Capture
  readonly #bursts: AsyncIterator<Burst, void>
  #burst: Burst | undefined
  #held: Event | undefined

  constructor(capture: Capture) {
    this.#capture = capture
    this.#bursts = capture[Symbol.asyncIterator]()
  }

  get device() { return this.#capture.device }
  get interfaces() { return this.#capture.interfaces }
  get metadata() { return this.#capture.metadata }
  get section() { return this.#capture.section }
  stats() { return this.#capture.stats() }

  /** The part ends before this event, which is the first of the next one. */
  hold(event: Event): void {
    this.#held = event
  }

  /** Is the event at hand the one that was held? Asked once for each. */
  resumes(): boolean {
    const isHeld = this.#held !== undefined
    this.#held = undefined
    return isHeld
  }

  // No return(): the end of a part is not the end of the capture.
  [Symbol.asyncIterator](): AsyncIterator<Iterable<Event>, void> {
    return {
      next: async () => {
        if (this.#held !== undefined) return { done: false, value: rest(this.#held, this.#burst!) }
        const turn = await this.#bursts.next()
        if (turn.done === true) {
          this.ended = true
          return turn
        }
        this.#burst = turn.value
        return turn
      },
    }
  }
}

/** What is left of a burst, from the event at which it stands. */
function rest(event: Event, burst: Burst): Iterable<Event> {
  let isFirst = true
  const next = (): IteratorResult<Event, undefined> => {
    if (!isFirst) return burst.next()
    isFirst = false
    return { done: false, value: event }
  }
  return { [Symbol.iterator]: () => ({ next }) }
}
