import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import type { Driver } from './drivers.js'

const HEAD = 0
const TAIL = 4
const N_EVTS = 8
const N_DROPS_BUFFER = 16
const PAGE = 4096

/**
 * One CPU's ring from the producer's side: the driver's record_event_consumer(). It writes the files that the consumer has
 * mapped, so what is written is there for it at once.
 */
export class ProducerRing {
  readonly #data: number
  readonly #info: number
  readonly #word = Buffer.alloc(8)

  /** `path` is that of both files without their extension; `size` is the ring's. */
  constructor(path: string, readonly size: number, readonly driver: Driver) {
    this.#data = openSync(`${path}.data`, 'r+')
    this.#info = openSync(`${path}.info`, 'r+')
  }

  close(): void {
    closeSync(this.#data)
    closeSync(this.#info)
  }

  #read32(offset: number): number {
    readSync(this.#info, this.#word, 0, 4, offset)
    return this.#word.readUInt32LE()
  }

  #write32(offset: number, value: number): void {
    this.#word.writeUInt32LE(value >>> 0)
    writeSync(this.#info, this.#word, 0, 4, offset)
  }

  /** May be set to anything, as a broken driver would. */
  get head(): number {
    return this.#read32(HEAD)
  }
  set head(value: number) {
    this.#write32(HEAD, value)
  }
  /** What the consumer has given back. */
  get tail(): number {
    return this.#read32(TAIL)
  }

  #at(counter: string): number {
    return counter === 'n_evts' ? N_EVTS : counter === 'n_drops_buffer' ? N_DROPS_BUFFER : this.driver.counters[counter]
  }
  counter(name: string): bigint {
    readSync(this.#info, this.#word, 0, 8, this.#at(name))
    return this.#word.readBigUInt64LE()
  }
  /** Adds to a counter; a category that this release does not have is passed over. */
  count(name: string, times = 1): void {
    if (this.#at(name) === undefined) return
    this.#word.writeBigUInt64LE(this.counter(name) + BigInt(times))
    writeSync(this.#info, this.#word, 0, 8, this.#at(name))
  }

  /** Room for a record, as the driver counts it: never all of the ring, and at most two pages beyond its end. */
  room(): { free: number; contiguous: number } {
    const { head, tail, size } = this
    const free = tail > head ? tail - head - 1 : size + tail - head - 1
    return { free, contiguous: Math.min(free, size + 2 * PAGE - head - 1) }
  }

  /** A hit that makes a record, or is dropped for want of room; then false. `category` is counted where its size was the reason. */
  produce(record: Uint8Array, category?: string): boolean {
    this.count('n_evts')
    const { free, contiguous } = this.room()
    if (record.length > contiguous) {
      this.count('n_drops_buffer')
      // When not even the header and the lengths fit, the driver gives up before it knows the category.
      if (category !== undefined && free >= this.driver.header + 16) this.count(category)
      return false
    }
    const { head } = this
    this.write(head, record)
    this.head = head + record.length >= this.size ? head + record.length - this.size : head + record.length
    return true
  }

  /** Puts bytes into the ring without making them known; what runs over its end goes to its start. */
  write(at: number, bytes: Uint8Array): void {
    const first = Math.min(bytes.length, this.size - at)
    writeSync(this.#data, bytes, 0, first, at)
    if (first < bytes.length) writeSync(this.#data, bytes, first, bytes.length - first, 0)
  }

  /** A hit while another record was being written. */
  nest(): void {
    this.count('n_preemptions')
    if (this.driver.nestedApart !== true) this.count('n_evts')
  }

  /** A hit that the driver counts and makes no record of: since 9.1 when it has nothing to say, before 0.1.93 while capture is disabled. */
  skip(): void {
    this.count('n_evts')
  }

  /** A hit whose argument could not be read. */
  fault(): void {
    this.count('n_evts')
    this.count('n_drops_pf')
  }
}
