import type { Event } from '../event/event.js'
import type { Capture } from '../iface/capture.js'
import { Chunk } from './chunk.js'

/** What is written: a capture, or as much of one as goes into this file. */
export type Source = Pick<Capture, 'device' | 'interfaces' | 'metadata' | 'section' | 'stats'> & AsyncIterable<Iterable<Event>>

export interface WriteHooks {
  /** Sees every record that is written; the event is valid during the call. */
  onEvent?: (event: Event) => void
  /** Asked before each record, with the bytes that were made until then: does the file end here? */
  until?: (event: Event, bytes: number) => boolean
}

/**
 * A savefile format, as the order in which its parts are written. One object writes one file.
 *
 * In: a capture's bursts. Out: chunks that hold whole blocks only. Everything is copied while the burst is leased.
 */
export interface Format {
  /** Most bytes that a record needs besides its own, comments aside. */
  readonly overhead: number
  /** The file's head; it goes out at once, so that who reads from a pipe knows what is coming. */
  header(source: Source, out: Chunk): void
  /** What is known of the machine, before the first record and again wherever the source starts a new section. */
  section(source: Source, out: Chunk): void
  record(event: Event, out: Chunk): void
  end(source: Source, out: Chunk): void
  /** What a file needs to be whole that ends without end(), because the source has failed. */
  close?(out: Chunk): void
  /**
   * Bytes of `chunk` up to its last whole block within `limit`: what may stay of a write that failed half way. The chunk
   * stands at `position` in the file.
   */
  whole(chunk: Uint8Array, limit: number, position: number): number
  /** Bytes to put at `position` once all is written. Only for files that can seek. */
  patch?(source: Source): { position: number; bytes: Uint8Array } | undefined
}

/** Drives a format over a capture: a chunk per burst or less, so that live events do not wait for a buffer to fill. */
export async function* write(source: Source, format: Format, { onEvent, until }: WriteHooks = {}): AsyncGenerator<Uint8Array, void, void> {
  const out = new Chunk()
  let taken = 0
  const take = () => {
    taken += out.length
    return out.take()
  }
  format.header(source, out)
  yield take()
  // A live capture reads /proc when it is asked, which is better done before it lends its rings. A file may know its
  // metadata only with the first burst.
  let section = source.metadata.length > 0 ? source.section : -1
  if (section >= 0) format.section(source, out)
  try {
    bursts: for await (const burst of source) {
      if (source.section !== section) {
        section = source.section
        format.section(source, out)
      }
      for (const event of burst) {
        if (until?.(event, taken + out.length) === true) break bursts
        const need = event.caplen + format.overhead
        if (!out.fits(need)) {
          if (out.length > 0) yield take()
          out.reserve(need)
        }
        format.record(event, out)
        onEvent?.(event)
      }
      if (out.length > 0) yield take()
    }
  } catch (error) {
    format.close?.(out)
    if (out.length > 0) yield take() // also what came before a record that this format cannot hold
    throw error
  }
  format.end(source, out)
  if (out.length > 0) yield take()
}

export type FormatName = 'scap' | 'pcapng' | 'pcap' | 'chrome'

/** The format that a path asks for by its ending, and whether it is to be compressed; pcapng when it says nothing. */
export function formatForPath(path: string): { format: FormatName; gzip: boolean } {
  const [, ending = 'pcapng', gzip] = /\.(scap|pcapng|pcap|json)(\.gz)?$/i.exec(path) ?? []
  const format = ending.toLowerCase()
  return { format: format === 'json' ? 'chrome' : format as FormatName, gzip: gzip !== undefined }
}
