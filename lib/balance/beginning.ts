import { encodeSnapshot } from '../export/metadata.js'
import { endHash, flowHash } from '../flow/hash.js'
import { Endpoint as End } from '../flow/endpoint.js'
import { parseMetadata } from '../iface/file/lists.js'
import type { Capture } from '../iface/capture.js'
import type { MetadataBlock } from '../iface/metadata.js'
import type { Initial } from '../state/initial.js'
import { listed, readSnapshot } from '../state/snapshot.js'
import type { Endpoint } from '../state/sockets.js'

/** What a balancer has to know of what was there before its first record, for ClusterHandle. */
export interface Known {
  /** [tid, pid, …] */
  pids: Uint32Array
  /** [pid, fd, hash of the connection, …] */
  flows: Uint32Array
}

/**
 * What was there before the first record: as files and the balancers of queues say, otherwise as this machine is, without what may
 * be secret. Of a file with several sections, the first one's: records of all of them are in the queues.
 */
export class Beginning {
  readonly #captures: readonly Capture[]
  readonly #areFiles: boolean
  #lists: readonly (readonly MetadataBlock[])[] = []
  #began!: () => void
  /** How many have asked, before begin() or since. */
  #asked = 0
  /** What the machine is like when the first records are made, for those who have waited for that; and how many of them have not asked yet. */
  #first: readonly MetadataBlock[] | undefined
  #waiting = 0
  /** Resolves with begin(). */
  readonly begun = new Promise<void>(resolve => { this.#began = resolve })

  constructor(captures: readonly Capture[]) {
    this.#captures = captures
    this.#areFiles = captures.every(({ canWait }) => canWait)
  }

  /** The first records are there: by now files have said it. */
  begin(): void {
    // The running machine is asked when somebody wants to know: it takes longer than a ring to overflow.
    this.#lists = this.#captures.map(capture => (capture.canWait ? capture.metadata : []))
    this.#began()
  }

  /**
   * Where one of so many consumers has asked already what there was before the first record, the others will. Some may be slow to: a process
   * that has ended by then would have no name. To be called when a thread reads the records already.
   */
  look(consumers: number): void {
    if (this.#asked === 0 || this.#areFiles || this.#captures.some(capture => capture._machine() !== undefined)) return
    this.#first = machine()
    this.#waiting = consumers
  }

  /** For the keys that need it, after begin(). */
  known(): Known {
    return known(this.#areFiles ? parseMetadata(this.#lists.flat()) : listed(readSnapshot({ source: 'iterators', env: false })))
  }

  /** For consumers. */
  async metadata(): Promise<readonly MetadataBlock[]> {
    this.#asked++
    await this.begun
    if (this.#waiting > 0) {
      const first = this.#first!
      if (--this.#waiting === 0) this.#first = undefined
      return first
    }
    const told = await Promise.all(this.#captures.map((capture, index) => capture._machine() ?? (capture.canWait ? this.#lists[index] : undefined)))
    return told.includes(undefined) ? machine() : told.flatMap(blocks => blocks ?? [])
  }
}

/** As it is now. */
function machine(): readonly MetadataBlock[] {
  return encodeSnapshot(readSnapshot({ source: 'iterators', env: false }))
}

function known({ threads, fds }: Pick<Initial, 'threads' | 'fds'>): Known {
  const flows: number[] = []
  for (const { pid, fds: list } of fds) {
    for (const { fd, type, local, remote } of list) {
      if (type === 'inet' && local !== undefined && remote !== undefined) flows.push(pid, fd, flowHash(hashOf(local), hashOf(remote), 0))
    }
  }
  return { pids: Uint32Array.from(threads.flatMap(({ tid, pid }) => [tid, pid])), flows: Uint32Array.from(flows) }
}

function hashOf({ address, port }: Endpoint): number {
  const end = new End()
  if (address.length === 16) end.setIpv6(address, 0)
  else end.setIpv4((address[0] << 24) | (address[1] << 16) | (address[2] << 8) | address[3])
  return endHash(end.w0, end.w1, end.w2, end.w3, port)
}
