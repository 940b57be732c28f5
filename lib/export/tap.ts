import { existsSync } from 'node:fs'
import { CaptureError, isCaptureError } from '../errors.js'
import type { Event } from '../event/event.js'
import { HEADER } from '../event/record.js'
import type { Lost } from '../iface/burst.js'
import { guarded, native, type TapHandle } from '../native.js'
import { Proc } from '../state/proc.js'
import { ETHERNET_HEADER, FRAME_V1, FRAME_VERSION, frameHeader, LINKTYPE_ETHERNET, wrap } from './framing.js'

/** What became of the events that were given to a Tap: written + notWritten.total of them. */
export interface TapStats {
  /** Frames. What one of its readers has missed of them only that reader knows: tcpdump's "dropped by kernel". */
  written: number
  /** Bytes of those frames. */
  bytes: number
  /** Of all frames, those that were longer than the interface takes, 65535 bytes, and were cut to that. */
  cut: number
  /**
   * By cause: `no_buffer` the kernel had no memory for it, `down` somebody has set the interface down or removed it, `link_type` a packet
   * that is no Ethernet frame, `too_short` one without an Ethernet header, `other`.
   */
  notWritten: Lost
}

/** Frames in a batch at most, and memories that they lie in: one call into the addon. */
const BATCH = 1024
const SOURCES = 64
/** Numbers that a frame is described by: TapFrame of native/nic/tap.h. */
const WORDS = 4
/** The longest frame: MAX_MTU of include/uapi/linux/if_ether.h, from which the driver of TAPs (drivers/net/tun.c) takes the header. */
const LONGEST = 65_535
/** What TapHandle.counters() writes after written and bytes. */
const CAUSES = ['too_short', 'no_buffer', 'down', 'other'] as const

/**
 * A network interface of our own (a TAP): events that are written to it come in there as Ethernet frames, for tcpdump, Wireshark and
 * everybody else who listens, as many as there are. A system call is a frame of EtherType 0x88B5 (see framing.ts), a packet is what it
 * was. Who listens later sees what is written later.
 *
 * The interface is there until close(), or until the process ends, however it ends. Nothing comes from it but what is written: it has no
 * addresses, IPv6, ARP and multicast are off, its MTU is the largest there is, 65521.
 *
 * @example
 * using tap = openTap('sysdig')
 * for await (const burst of await open('sysdig')) tap.write(burst)
 * console.log(tap.stats())
 */
export class Tap implements Disposable {
  readonly device: string
  /** Of the interface, as the kernel numbers them. */
  readonly index: number
  readonly #handle: TapHandle
  // What was not written yet: not copied, but where it lies in memory that a burst lends.
  readonly #frames = new Uint32Array(BATCH * WORDS)
  #sources: Uint8Array[] = []
  readonly #counters = new Float64Array(2 + CAUSES.length)
  #count = 0
  #cut = 0
  #linkType = 0
  /** Why nothing can be written any more, and events that came after that. */
  #failure: unknown
  #afterFailure = 0
  #final: TapStats | undefined

  /** @internal */
  constructor(device: string, index: number, handle: TapHandle) {
    this.device = device
    this.index = index
    this.#handle = handle
  }

  /**
   * Writes all events of a burst; it does not wait for readers.
   *
   * @throws CaptureError ERR_CAPTURE_NO_DEVICE when somebody has removed the interface: then the rest of the burst counts as `down`.
   *   ERR_CAPTURE_CLOSED
   */
  write(burst: Iterable<Event>): void {
    for (const event of burst) this.#add(event)
    this.#flush()
    if (this.#failure !== undefined) throw this.#failure
  }

  #add(event: Event): void {
    if (this.#failure !== undefined) {
      this.#afterFailure++
      return
    }
    const { len, _packet: packet } = event // throws when its lease has ended
    if (packet !== undefined) {
      if (packet.linktype === LINKTYPE_ETHERNET) this.#put(packet._memory, packet._start, this.#cutTo(LONGEST, packet._length), 0, 0)
      else this.#linkType++
      return
    }
    const flags = event._header === HEADER ? event.flags : event.flags | FRAME_V1
    this.#put(event._memory, event._at, this.#cutTo(LONGEST_RECORD, len), event.type & 1, FRAME_VERSION | flags << 8 | event.cpu << 16)
  }

  #cutTo(longest: number, length: number): number {
    if (length <= longest) return length
    this.#cut++
    return longest
  }

  #put(memory: Uint8Array, at: number, length: number, exit: number, header: number): void {
    let source = this.#sources.indexOf(memory)
    if (this.#count === BATCH || (source < 0 && this.#sources.length === SOURCES)) {
      this.#flush()
      if (this.#failure !== undefined) {
        this.#afterFailure++
        return
      }
      source = -1
    }
    if (source < 0) source = this.#sources.push(memory) - 1
    const frames = this.#frames
    const word = this.#count++ * WORDS
    frames[word] = source << 1 | exit
    frames[word + 1] = at
    frames[word + 2] = length
    frames[word + 3] = header
  }

  #flush(): void {
    const sources = this.#sources
    const frames = this.#frames.subarray(0, this.#count * WORDS)
    this.#count = 0
    this.#sources = []
    try {
      guarded(() => this.#handle.write(sources, frames))
    } catch (error) {
      this.#failure ??= error
    }
  }

  stats(): TapStats {
    if (this.#final !== undefined) return this.#final
    this.#handle.counters(this.#counters)
    const [written, bytes, ...failed] = this.#counters
    const notWritten: Lost = { total: 0, ...Object.fromEntries(CAUSES.map((cause, i) => [cause, failed[i]])), link_type: this.#linkType }
    notWritten.down += this.#afterFailure
    for (const cause of [...CAUSES, 'link_type']) notWritten.total += notWritten[cause]
    return { written, bytes, cut: this.#cut, notWritten }
  }

  /** Removes the interface. May be called twice. */
  close(): void {
    this.#final ??= this.stats()
    this.#handle.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

const LONGEST_RECORD = LONGEST - frameHeader('ethernet')

/** The Ethernet headers of enter and of exit events, one after the other. */
function ethernetHeaders(): Uint8Array {
  const headers = new Uint8Array(2 * ETHERNET_HEADER)
  for (const exit of [0, 1]) {
    const frame = new Uint8Array(frameHeader('ethernet'))
    wrap(new DataView(frame.buffer), 0, 'ethernet', exit, 0, 0)
    headers.set(frame.subarray(0, ETHERNET_HEADER), exit * ETHERNET_HEADER)
  }
  return headers
}

/**
 * Makes a network interface to write events to. Needs /dev/net/tun and CAP_NET_ADMIN. The name has 1 to 15 bytes.
 *
 * @throws CaptureError ERR_CAPTURE_NO_DEVICE (no /dev/net/tun), ERR_CAPTURE_PERM, ERR_CAPTURE_BUSY (the name is taken), ERR_CAPTURE_OPTION
 */
export function openTap(name: string): Tap {
  try {
    return guarded(() => {
      const handle = native().openTap(name, ethernetHeaders())
      return new Tap(name, native().interfaces().find(each => each.name === name)!.index, handle)
    })
  } catch (error) {
    throw isCaptureError(error) && error.code === 'ERR_CAPTURE_BUSY' ? nameTaken(name) : error
  }
}

function nameTaken(name: string): CaptureError {
  const message = `there is an interface named ${name} already`
  const owner = ownerOf(name)
  if (owner !== undefined) return new CaptureError('ERR_CAPTURE_BUSY', `${message}, made by process ${owner}`, `take another name, or end that process: kill ${owner.split(' ')[0]}`)
  const isTap = existsSync(`/sys/class/net/${name}/tun_flags`)
  if (!isTap) return new CaptureError('ERR_CAPTURE_BUSY', message, 'take another name')
  return new CaptureError('ERR_CAPTURE_BUSY', `${message}, a TAP or TUN of no process that can be seen from here`, `take another name, or remove it: ip link del ${name}`)
}

/** The process that has made a TAP, "1234 (node)": its descriptor of /dev/net/tun says which interface that is. */
function ownerOf(name: string): string | undefined {
  const proc = new Proc()
  for (const pid of proc.numbers('')) {
    const holds = proc.numbers(`${pid}/fd`).some(fd =>
      proc.link(`${pid}/fd/${fd}`) === '/dev/net/tun' && proc.text(`${pid}/fdinfo/${fd}`)?.split('\n').includes(`iff:\t${name}`) === true)
    if (holds) return `${pid} (${proc.text(`${pid}/comm`)?.trim()})`
  }
  return undefined
}
