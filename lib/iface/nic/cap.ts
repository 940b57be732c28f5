import { isMainThread } from 'node:worker_threads'
import type { Cap } from 'cap'
import { CaptureError } from '../../errors.js'
import { Burst, type Cursor, type Lost, lostSince } from '../burst.js'
import { Capture, type CaptureOptions, type Interface, type Stats } from '../capture.js'
import { follow } from '../follow.js'
import type { Following } from '../following.js'
import { netnsOf } from '../../state/netns.js'
import { Proc } from '../../state/proc.js'
import { refuseOthers } from '../options.js'
import { Sequences } from '../sequences.js'
import { Bank } from './bank.js'

/** Options of a capture through the package `cap`. */
export interface CapOptions extends Pick<CaptureOptions, 'maxEvents' | 'maxDurationMs' | 'signal' | 'tables'> {
  /** Deliver only the packets for which this is true, in tcpdump's language. Names of hosts are asked of the DNS, which may take its time. */
  bpf?: string
  /** Show frames that carry a system call of this library (EtherType 0x88B5) as that event. Default: false. */
  decap?: boolean
}

const NAMES: ReadonlySet<string> = new Set<keyof CapOptions>(['maxEvents', 'maxDurationMs', 'signal', 'tables', 'bpf', 'decap'])

/** What this way of capturing cannot do, compared with open('eth0'). */
const LIMITS: readonly string[] = [
  'no kernel timestamps: a packet has the time at which JavaScript got it, in microseconds at best',
  'no drop counts: what the kernel or libpcap lost is not known, only what found no room here; of numbered frames it counts as lost by the network',
  'no length on the wire: what is longer than 65535 bytes is cut unseen',
  'no worker threads: it runs on the main thread only',
  'no snaplen, no fanout, and always promiscuous',
]

/** Bytes of libpcap's ring, of the buffer that one packet is copied into (a small one has corrupted memory), and of each bank. */
const LIBPCAP_BYTES = 16 << 20
const PACKET_BYTES = 256 << 10
const BANK_BYTES = 8 << 20
/** How long to sleep when nothing has come, in ms. */
const PAUSE_MS = 5

const LINKTYPES: Readonly<Record<string, number>> = { ETHERNET: 1, RAW: 101, LINKTYPE_LINUX_SLL: 113, IEEE802_11_RADIO: 127, NULL: 0 }

/**
 * A network interface read with the npm package `cap`, for where that is at hand and our own ring is not. Each packet is copied into
 * a bank; a burst is a bank, while the other one fills.
 */
export class CapCapture extends Capture {
  readonly device: string
  readonly interfaces: readonly Interface[]
  /** What this capture cannot do, in sentences. */
  readonly limits: readonly string[] = LIMITS
  protected readonly burst: Burst
  readonly #cap: Cap
  readonly #sequences: Sequences | undefined
  #filling: Bank
  #lent: Bank
  #dropped = 0
  readonly #lostBefore: Lost = { total: 0 }
  #lookedAt = Date.now()
  #stopped = false
  #wake = () => {}

  /** @internal */
  constructor(name: string, { Cap: Opener }: typeof import('cap'), options: CapOptions, following?: Following) {
    super(options)
    this.device = `cap:${name}`
    this.#sequences = options.decap === true ? new Sequences(options.bpf === undefined) : undefined
    const buffer = Buffer.alloc(PACKET_BYTES)
    this.#cap = new Opener()
    this.#cap.on('packet', length => this.#take(buffer, length))
    const linktype = LINKTYPES[openAndKeep(this.#cap, name, options.bpf ?? '', buffer)] ?? 0
    this.interfaces = [{ name, linktype, snaplen: 65_535, netns: netnsOf(new Proc(), 'thread-self') }]
    this.#filling = new Bank(BANK_BYTES, linktype, this.#sequences)
    this.#lent = new Bank(BANK_BYTES, linktype, this.#sequences)
    const banks: Cursor = { next: event => this.#lent.next(event) }
    this.burst = new Burst(following?.begin(banks) ?? banks)
  }

  #take(buffer: Uint8Array, length: number): void {
    if (!this.#filling.add(buffer, length)) this.#dropped++
    // cap goes on as long as there are packets, and lets no timer in meanwhile; promises it does.
    if (this.#filling.isCrowded) this.#wake()
  }

  protected fill(): true | Promise<boolean | undefined> {
    return this.#lend() || this.#fillSoon()
  }

  async #fillSoon(): Promise<boolean | undefined> {
    if (this.#stopped) return false
    await new Promise<void>(resolve => {
      this.#wake = resolve
      setTimeout(resolve, PAUSE_MS)
    })
    return this.#lend() || undefined
  }

  #lend(): boolean {
    if (this.#lent.left > 0) return true // more than one burst takes
    if (this.#filling.count === 0) {
      this.#lookedAt = Date.now()
      return false
    }
    ;[this.#filling, this.#lent] = [this.#lent, this.#filling]
    this.burst.lost = lostSince(this.#lostBefore, this.#lost())
    return true
  }

  override get _lookedAt(): number {
    return this.#lookedAt
  }

  protected releaseBurst(): void {
    if (this.#lent.left === 0) this.#lent.clear()
  }

  protected override finish(): boolean {
    if (!this.#stopped) {
      this.#stopped = true
      this.#cap.close()
      this.#cap.removeAllListeners() // it outlives this capture
    }
    return true
  }

  protected dispose(): void {
    this.finish()
  }

  #lost(): Lost {
    const dropped = { total: this.#dropped, buffer: this.#dropped }
    return this.#sequences?.lost(dropped) ?? dropped
  }

  /** A packet has the time at which it came here: only frames can be late. */
  stats(): Stats {
    const delivered = this.burst._count
    const pending = this.#filling.count + this.#lent.left
    const dropped = this.#lost()
    const sequences = this.#sequences
    return {
      seen: delivered + pending + dropped.total, delivered, dropped, filtered: 0, pending, late: sequences?.reordered ?? 0, perCpu: [],
      ...sequences && { streams: sequences.streams() },
    }
  }
}

/**
 * All that there were, some hundred bytes each, for good. Collected, one would take a poll handle along that the event loop still knows
 * (cap 0.2.1 stops it and does not close it), or stop one that was never made: the process would hang or crash, some time later.
 */
const opened: Cap[] = []

function openAndKeep(cap: Cap, name: string, bpf: string, buffer: Buffer): string {
  opened.push(cap)
  return cap.open(name, bpf, LIBPCAP_BYTES, buffer)
}

/** Opens the interface with `cap`, if that is installed. */
export async function openCap(name: string, options: CapOptions): Promise<CapCapture> {
  refuseOthers(`cap:${name}`, options, NAMES, { filter: "its filter is tcpdump's: { bpf: 'tcp port 80' }" })
  if (!isMainThread) throw new CaptureError('ERR_CAPTURE_OPTION', 'cap does not work in worker threads', `open the interface itself: open('${name}')`)
  const [cap, following] = await Promise.all([load(), follow(options)])
  options.signal?.throwIfAborted()
  try {
    return new CapCapture(name, cap, options, following)
  } catch (error) {
    throw failure(name, error, options)
  }
}

async function load(): Promise<typeof import('cap')> {
  try {
    const loaded = await import('cap') as typeof import('cap') & { default?: typeof import('cap') }
    return loaded.default ?? loaded
  } catch (cause) {
    throw new CaptureError('ERR_CAPTURE_NO_PROBE', `the package cap does not load: ${(cause as Error).message.split('\n', 1)[0]}`, 'npm install cap', cause)
  }
}

/** libpcap's own words, by what they are about. */
function failure(name: string, error: unknown, { bpf }: CapOptions): unknown {
  if (!(error instanceof Error) || error instanceof CaptureError) return error
  const { message } = error
  if (/permi/i.test(message)) return new CaptureError('ERR_CAPTURE_PERM', `cap:${name}: ${message}`, 'become root (sudo)', error)
  if (bpf === undefined || /such device|not up/i.test(message)) return new CaptureError('ERR_CAPTURE_NO_DEVICE', `cap:${name}: ${message}`, 'see what there is: sysring devices', error)
  return new CaptureError('ERR_CAPTURE_FILTER', `'${bpf}': ${message}`, 'the language is that of tcpdump: man pcap-filter', error)
}
