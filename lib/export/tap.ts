import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { CaptureError, isCaptureError } from '../errors.js'
import type { Event } from '../event/event.js'
import type { Lost } from '../iface/burst.js'
import { guarded, native, type TapHandle } from '../native.js'
import { Chunk } from './chunk.js'
import { frameHeader, LINKTYPE_ETHERNET } from './framing.js'
import { frame } from './pcapng.js'

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

/** Frames in a batch at most: one call into the addon. */
const BATCH = 1024
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
  readonly #chunk = new Chunk()
  readonly #lengths = new Uint32Array(BATCH)
  readonly #counters = new Float64Array(2 + CAUSES.length)
  #count = 0
  #cut = 0
  #linkType = 0
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
   * @throws CaptureError ERR_CAPTURE_NO_DEVICE when somebody has removed the interface, ERR_CAPTURE_CLOSED
   */
  write(burst: Iterable<Event>): void {
    for (const event of burst) this.#add(event)
    this.#flush()
  }

  #add(event: Event): void {
    const packet = event._packet
    if (packet !== undefined && packet.linktype !== LINKTYPE_ETHERNET) {
      this.#linkType++
      return
    }
    let length = packet === undefined ? HEADER + event.len : packet.bytes.length
    if (length > LONGEST) {
      length = LONGEST
      this.#cut++
    }
    const out = this.#chunk
    if (this.#count === BATCH || !out.fits(length)) this.#flush()
    if (packet === undefined) {
      frame(event, out, out.at, 'ethernet', length)
    } else {
      packet.bytes.copyTo(out.memory.subarray(out.at, out.at + length))
      out.at += length
    }
    this.#lengths[this.#count++] = length
  }

  #flush(): void {
    const lengths = this.#lengths.subarray(0, this.#count)
    const frames = this.#chunk.memory.subarray(0, this.#chunk.at)
    this.#count = 0
    this.#chunk.at = 0
    guarded(() => this.#handle.write(frames, lengths))
  }

  stats(): TapStats {
    if (this.#final !== undefined) return this.#final
    this.#handle.counters(this.#counters)
    const [written, bytes, ...failed] = this.#counters
    const notWritten: Lost = { total: 0, ...Object.fromEntries(CAUSES.map((cause, i) => [cause, failed[i]])), link_type: this.#linkType }
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

const HEADER = frameHeader('ethernet')

/**
 * Makes a network interface to write events to. Needs /dev/net/tun and CAP_NET_ADMIN. The name has 1 to 15 bytes.
 *
 * @throws CaptureError ERR_CAPTURE_NO_DEVICE (no /dev/net/tun), ERR_CAPTURE_PERM, ERR_CAPTURE_BUSY (the name is taken), ERR_CAPTURE_OPTION
 */
export function openTap(name: string): Tap {
  try {
    return guarded(() => {
      const handle = native().openTap(name)
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
  const isTap = read(`/sys/class/net/${name}/tun_flags`) !== undefined
  if (!isTap) return new CaptureError('ERR_CAPTURE_BUSY', message, 'take another name')
  return new CaptureError('ERR_CAPTURE_BUSY', `${message}, a TAP or TUN of no process that can be seen from here`, `take another name, or remove it: ip link del ${name}`)
}

/** The process that has made a TAP, "1234 (node)": its descriptor of /dev/net/tun says which interface that is. */
function ownerOf(name: string): string | undefined {
  for (const pid of entries('/proc').filter(entry => /^\d+$/.test(entry))) {
    const holds = entries(`/proc/${pid}/fd`).some(fd =>
      target(`/proc/${pid}/fd/${fd}`) === '/dev/net/tun' && read(`/proc/${pid}/fdinfo/${fd}`)?.split('\n').includes(`iff:\t${name}`) === true)
    if (holds) return `${pid} (${read(`/proc/${pid}/comm`)?.trim()})`
  }
  return undefined
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return [] // gone, or not ours to see
  }
}

function target(link: string): string | undefined {
  try {
    return readlinkSync(link)
  } catch {
    return undefined
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
