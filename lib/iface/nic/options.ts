import type { CaptureOptions } from '../capture.js'
import { integer, powerOfTwo, refuse, refuseOthers } from '../options.js'

/** How the packets of an interface are shared by the captures of a fanout group; see packet(7), PACKET_FANOUT. */
export type FanoutMode = 'hash' | 'lb' | 'cpu' | 'rollover'

/** Options of a capture from a network interface. Events are its packets; `filter` and `state` are about system calls, and need `decap`. */
export interface NicOptions extends CaptureOptions {
  /**
   * Deliver only the packets for which this is true: tcpdump's language, "tcp port 80 and host 10.0.0.1". The kernel decides it; what
   * it leaves out is counted nowhere. Needs libpcap, which asks the DNS for names of hosts, and the thread waits for it meanwhile.
   */
  bpf?: string
  /** Bytes to keep of each packet: 1 … 262144 (default). */
  snaplen?: number
  /** Also packets that are not for this machine. Default: false. */
  promiscuous?: boolean
  /**
   * Share the packets with all captures that are in the same group, 0 … 65535: each packet goes to one of them. `hash`: those of a flow
   * to the same one; `lb`: in turn; `cpu`: by the CPU that received it; `rollover`: to the first one that has room.
   */
  fanout?: { group: number; mode?: FanoutMode }
  /** Size of the ring in bytes, a power of two: 1 MiB … 1 GiB, default 64 MiB. */
  ringBytes?: number
  /** A packet is delivered at most so many ms after it came, if the loop is free: 2 … 1000, default 10. */
  maxWaitMs?: number
  /**
   * Show frames that carry a system call of this library (EtherType 0x88B5) as that event, as files do. Their numbers tell what was lost
   * on the way (`dropped.network` in stats()), unless `bpf` or `fanout` choose among the frames. State begins with the first of them:
   * what ran and was open before, nobody tells. Default: false.
   */
  decap?: boolean
}

/** As PACKET_FANOUT_* numbers them. */
const FANOUT: Readonly<Record<FanoutMode, number>> = { hash: 0, lb: 1, cpu: 2, rollover: 3 }

const RING_BYTES = 64 << 20
const MAX_SNAPLEN = 262_144

const NAMES: ReadonlySet<string> = new Set<keyof NicOptions>([
  'maxEvents', 'maxDurationMs', 'signal', 'filter', 'state', 'stateEvents', 'tables', 'bpf', 'snaplen', 'promiscuous', 'fanout', 'ringBytes', 'maxWaitMs', 'decap',
])

/** Checks every option by name and fills in the defaults. */
export function checkNicOptions(device: string, options: NicOptions) {
  refuseOthers(device, options, NAMES)
  if (options.decap !== true) {
    if (options.filter !== undefined) refuse(`${device} has packets, and the filter is about system calls`, "the filter of packets is tcpdump's: { bpf: 'tcp port 80' }")
    if (options.state === true) refuse(`${device} has packets, of which no state follows`, 'leave state out, or add decap: true for frames that carry system calls')
  }
  const { bpf, fanout } = options
  if (bpf !== undefined && typeof bpf !== 'string') refuse('bpf must be a string', "{ bpf: 'tcp port 80' }")
  if (bpf?.includes('\0') === true) refuse('bpf has a NUL in it', "{ bpf: 'tcp port 80' }")
  const mode = fanout?.mode ?? 'hash'
  if (!Object.hasOwn(FANOUT, mode)) refuse(`there is no fanout mode ${String(mode)}`, `one of ${Object.keys(FANOUT).join(', ')}`)
  return {
    bpf,
    ringBytes: powerOfTwo('ringBytes', options.ringBytes ?? RING_BYTES, 1 << 20, 1 << 30),
    snaplen: integer('snaplen', options.snaplen ?? MAX_SNAPLEN, 1, MAX_SNAPLEN),
    maxWaitMs: integer('maxWaitMs', options.maxWaitMs ?? 10, 2, 1000),
    promiscuous: options.promiscuous ?? false,
    fanout: fanout && { mode: FANOUT[mode], group: integer('fanout.group', fanout.group, 0, 0xffff) },
    decap: options.decap ?? false,
  }
}
export type CheckedNicOptions = ReturnType<typeof checkNicOptions>
