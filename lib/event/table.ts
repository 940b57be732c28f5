import type { Event } from './event.js'
import { type Direction, PACKET } from './record.js'
import {
  DYNAMIC_TABLES, EVENT_NAMES, EVENTS, FLAG_TABLES, PPM_SC_NAMES, SYSCALL_CODES_X86_64, SYSCALL_NAMES_ARM64,
  SYSCALL_NAMES_X86_64,
} from './table.generated.js'
import type { EventName } from './types.generated.js'

/** One parameter of an event, as the driver's table describes it. */
export interface ParamInfo {
  readonly name: string
  /** PT_* without the prefix: "FD", "ERRNO", "FLAGS32". */
  readonly type: string
  /** PF_* without the prefix: "DEC", "HEX", "OCT", "NA". */
  readonly format: string
  /** Name of the flag table (flags, MODE) or of the table of types (DYN). */
  readonly table?: string
  /** FSRELPATH: index of the parameter with the directory's fd. */
  readonly dirfd?: number
}

/** One event type: a version of an event, in one direction. */
export interface EventInfo {
  readonly code: number
  /** As sysdig's evt.type: "openat". */
  readonly name: string
  /** The driver's name of the code: "PPME_SYSCALL_OPENAT_2_E". */
  readonly const: string
  readonly dir: Direction
  /** EC_* without the prefix: "FILE", "NET", "IO_READ". */
  readonly category: string
  /** EF_* without the prefix: "CREATES_FD", "MODIFIES_STATE". */
  readonly flags: readonly string[]
  readonly params: readonly ParamInfo[]
}

/** Names of flag values, in the order of printing. */
export interface FlagTable {
  readonly names: readonly string[]
  readonly values: readonly number[]
}

/** How many event codes the table has; those of a driver are dense from 0. */
export const EVENT_COUNT = EVENTS.length

const UNKNOWN_CALL = '<unknown>'
/** Of codes that stand for no event. */
const NO_NAME = 'NA'

// The tables are strings in the source, and become objects one by one when somebody asks: the process starts sooner.
const infos: (EventInfo | undefined)[] = new Array(EVENT_COUNT).fill(undefined)
const flagTables = new Map<string, FlagTable>()
let ppmScNames: readonly string[] | undefined
let syscallCodeList: readonly string[] | undefined
const syscallNumbers = new Map<Architecture, ReadonlyMap<string, number>>()

/** What the table knows of an event code; undefined for codes of later drivers. */
export function eventInfo(type: number): EventInfo | undefined {
  return EVENTS[type] === undefined ? undefined : (infos[type] ??= parseInfo(type))
}

/**
 * The event's name as sysdig prints it in evt.type; of a generic event the name of its system call, "<unknown>" if its
 * code is not known. Codes of later drivers are "unknown".
 */
export function eventName(ev: Event): EventName | (string & {}) {
  const type = ev.type
  if (type > 1) {
    if (type < EVENT_COUNT) return EVENT_NAMES[type]
    return type === PACKET ? 'packet' : 'unknown'
  }
  const { nparams } = ev
  if (nparams === 0 || ev._paramLength(0) < 2) return UNKNOWN_CALL
  const ppmSc = ev._view.getUint16(ev._paramAt(0), true)
  // Codes that sysdig 0.29.3 crashes on stand behind the parameters that it reads (native/probe/bpf/call.bpf.h).
  if (ppmSc === 0 && nparams > 2 && ev._paramLength(2) === 2) return syscallName(ev._view.getUint16(ev._paramAt(2), true))
  return syscallName(ppmSc)
}

/** The system call's name by the driver's own code (ppm_sc), "<unknown>" if there is none. */
export function syscallName(ppmSc: number): string {
  ppmScNames ??= list(PPM_SC_NAMES)
  const name = ppmSc < ppmScNames.length ? ppmScNames[ppmSc] : ''
  return name === '' ? UNKNOWN_CALL : name
}

/** Architectures that system calls are known of, named as by Node. */
export type Architecture = 'x64' | 'arm64'

/** The system call's number on x86_64, or on arm64; undefined if there is none there. */
export function syscallNumber(name: string, architecture: Architecture = 'x64'): number | undefined {
  let numbers = syscallNumbers.get(architecture)
  if (numbers === undefined) {
    const names = list(architecture === 'arm64' ? SYSCALL_NAMES_ARM64 : SYSCALL_NAMES_X86_64)
    syscallNumbers.set(architecture, (numbers = new Map(names.map((name, nr) => [name, nr]))))
  }
  return name === '' ? undefined : numbers.get(name)
}

/** What the driver makes of the system call with this number on x86_64; undefined if there is none. */
export function syscallCodes(nr: number): { enter: number; ppmSc: number } | undefined {
  const [enter, ppmSc] = ((syscallCodeList ??= list(SYSCALL_CODES_X86_64))[nr] || undefined)?.split(':').map(Number) ?? []
  return enter === undefined ? undefined : { enter, ppmSc }
}

/** All codes of the event that `code` is a version of, enter and exit events: those with its name. */
export function eventVersions(code: number): number[] {
  return EVENT_NAMES.flatMap((name, each) => (name === EVENT_NAMES[code] ? [each] : []))
}

/** Codes of the events with this name, of all versions and both directions; none if there is no such event. */
export function eventTypes(name: string): number[] {
  return name === NO_NAME ? [] : EVENT_NAMES.flatMap((each, code) => (each === name ? [code] : []))
}

/** The driver's own code (ppm_sc) of a system call; undefined if it knows none of this name. */
export function syscallCode(name: string): number | undefined {
  const code = (ppmScNames ??= list(PPM_SC_NAMES)).indexOf(name)
  return name === '' || code < 0 ? undefined : code
}

/** Does the driver know a system call of this name? */
export function isSyscall(name: string): boolean {
  return name !== '' && (ppmScNames ??= list(PPM_SC_NAMES)).includes(name)
}

/** A flag table by its name in the driver: "file_flags". */
export function flagTable(name: string): FlagTable | undefined {
  const known = flagTables.get(name)
  if (known !== undefined || !Object.hasOwn(FLAG_TABLES, name)) return known
  const entries = FLAG_TABLES[name].split(' ').map((entry) => entry.split('='))
  const table = { names: entries.map(([name]) => name), values: entries.map(([, value]) => Number(value)) }
  flagTables.set(name, table)
  return table
}

/** The types that the first byte of a DYN parameter chooses from; none for tables that the driver has not published. */
export function dynamicTypes(param: ParamInfo): readonly ParamInfo[] {
  const table = param.table
  if (table === undefined || !Object.hasOwn(DYNAMIC_TABLES, table)) return []
  return DYNAMIC_TABLES[table].split(' ').map((variant) => parseParam(`${param.name}:${variant}`))
}

function parseInfo(code: number): EventInfo {
  const [constant, category, flags, ...params] = EVENTS[code].split(' ')
  return {
    code,
    name: EVENT_NAMES[code],
    const: constant,
    dir: (code & 1) === 0 ? 'enter' : 'exit',
    category,
    flags: flags === '-' ? [] : flags.split('|'),
    params: params.map(parseParam),
  }
}

function parseParam(text: string): ParamInfo {
  const [name, type, format, extra] = text.split(':')
  if (extra === undefined) return { name, type, format }
  return type === 'FSRELPATH' ? { name, type, format, dirfd: Number(extra) } : { name, type, format, table: extra }
}

function list(text: string): string[] {
  return text.replaceAll('\n', '').split(',')
}
