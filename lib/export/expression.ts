/** Filters of frames in the language of libpcap, for tcpdump, dumpcap and all that takes one: see pcap-filter(7). */
import { CaptureError } from '../errors.js'
import { HEADER, LEN, NPARAMS, TID, TS, TYPE } from '../event/record.js'
import { EVENT_COUNT, eventInfo, eventTypes, isSyscall, syscallCode } from '../event/table.js'
import { ADDRESS_OF_KERNEL, ADDRESS_OF_PROCESS, ETHERTYPE, frameHeader } from './framing.js'

const RECORD = frameHeader('ethernet')
const [TYPE_AT, NPARAMS_AT, TID_AT, CPU_AT, FLAGS_AT] = [RECORD + TYPE, RECORD + NPARAMS, RECORD + TID, RECORD - 2, RECORD - 3]

/** PPME_GENERIC_E; the exit event is the next one. */
const GENERIC = 0

/** What stands where in a frame of framing `ethernet`: `order` is that of its bytes. */
export interface FrameField {
  name: string
  offset: number
  bytes: number
  order: 'big' | 'little' | ''
  about: string
}

export const FRAME_FIELDS: readonly FrameField[] = [
  { name: 'ether dst', offset: 0, bytes: 6, order: 'big', about: `${ADDRESS_OF_KERNEL} of an enter event, ${ADDRESS_OF_PROCESS} of an exit event` },
  { name: 'ether src', offset: 6, bytes: 6, order: 'big', about: 'the other one of the two' },
  { name: 'ether proto', offset: 12, bytes: 2, order: 'big', about: `0x${ETHERTYPE.toString(16)}` },
  { name: 'version', offset: RECORD - 4, bytes: 1, order: '', about: 'of this layout: 1' },
  { name: 'flags', offset: FLAGS_AT, bytes: 1, order: '', about: 'bit 0: only updates the state; bit 7: from before 2018, with a record header of 22 bytes, without nparams' },
  { name: 'cpu', offset: CPU_AT, bytes: 2, order: 'little', about: 'where it happened' },
  { name: 'ts', offset: RECORD + TS, bytes: 8, order: 'little', about: 'when it happened, in ns since 1970' },
  { name: 'tid', offset: TID_AT, bytes: 8, order: 'little', about: 'the thread that made the call' },
  { name: 'len', offset: RECORD + LEN, bytes: 4, order: 'little', about: `of the record, which begins at ${RECORD}` },
  { name: 'type', offset: TYPE_AT, bytes: 2, order: 'little', about: 'code in the event table, even of enter events, odd of exit events' },
  { name: 'nparams', offset: NPARAMS_AT, bytes: 4, order: 'little', about: 'then the length of each parameter, 2 bytes (of a few events 4), then the parameters' },
]

/** What frames are to be of. All that is given has to hold. */
export interface FrameFilter {
  /** Events, as of evt.type: "openat"; one of them. */
  names?: readonly string[]
  dir?: 'enter' | 'exit'
  tid?: number
  cpu?: number
}

/**
 * The expression that lets those frames pass. libpcap reads numbers with the first byte as the highest, records have it as the lowest:
 * the numbers are turned round. A system call without an event of its own is a generic event with the driver's code of the call in it.
 *
 * @throws CaptureError ERR_CAPTURE_OPTION for a name that no event has
 */
export function frameExpression({ names, dir, tid, cpu }: FrameFilter): string {
  return [
    `ether proto 0x${ETHERTYPE.toString(16)}`,
    ...(names === undefined || names.length === 0 ? [] : [`(${names.flatMap(types).concat(names.flatMap(generics)).join(' or ')})`]),
    ...(dir === undefined ? [] : [`ether src ${dir === 'enter' ? ADDRESS_OF_PROCESS : ADDRESS_OF_KERNEL}`]),
    ...(tid === undefined ? [] : [`ether[${TID_AT}:4] = ${turned(tid, 4)}`]),
    ...(cpu === undefined ? [] : [`ether[${CPU_AT}:2] = ${turned(cpu, 2)}`]),
  ].join(' and ')
}

/** The events that have a name and a code of their own. Others are generic: system calls of every name. */
export function frameNames(): string[] {
  const names = new Set<string>()
  for (let code = GENERIC + 2; code < EVENT_COUNT; code++) {
    const { name, flags, category } = eventInfo(code)!
    if (!flags.includes('UNUSED') && category !== 'INTERNAL') names.add(name)
  }
  return [...names].sort()
}

/** One condition for both directions of an event: their codes differ in the lowest bit. */
function types(name: string): string[] {
  const codes = new Set(eventTypes(name).filter(code => code > GENERIC + 1).map(code => code & ~1))
  if (codes.size === 0 && !isSyscall(name)) {
    throw new CaptureError('ERR_CAPTURE_OPTION', `there is no event '${name}'`, 'see what there is: sysring up --filters')
  }
  return [...codes].map(code => `ether[${TYPE_AT}:2] & 0xfeff = ${turned(code, 2)}`)
}

/**
 * Type 0 or 1: the parameters' lengths have two bytes each, and behind them is the code; or 0, and the code as the third parameter
 * (put_generic of native/probe/bpf/call.bpf.h).
 */
function generics(name: string): string[] {
  const code = syscallCode(name)
  if (code === undefined) return []
  const lengths = RECORD + HEADER
  const value = turned(code, 2)
  return [`(ether[${TYPE_AT}:2] & 0xfeff = ${GENERIC} and (ether[${lengths} + 2 * ether[${NPARAMS_AT}]:2] = ${value} or (ether[${NPARAMS_AT}] = 3 and ether[${lengths + 3 * 2 + 2 * 2}:2] = ${value})))`]
}

/** The number as libpcap sees it. */
function turned(value: number, bytes: 2 | 4): string {
  const view = new DataView(new ArrayBuffer(4))
  view.setUint32(0, value, true)
  return `0x${(bytes === 2 ? view.getUint16(0) : view.getUint32(0)).toString(16).padStart(2 * bytes, '0')}`
}
