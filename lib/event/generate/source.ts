/** The rows of tables/*.json, as far as the generator uses them. */
export interface SourceTables {
  events: EventRow[]
  /** Codes from here on are of later versions: read, but not produced. */
  eventMax: number
  dynamicTables: Record<string, { type: string; format: string }[]>
  flagTables: Record<string, { name: string; value: number }[]>
  /** Of x86_64. */
  syscalls: SyscallRow[]
  /** Numbers of system calls on arm64 by name; what becomes of a call is the same everywhere. */
  arm64: Record<string, number>
  ia32: Ia32Calls
  /** The highest ppm_sc that sysdig 0.29.3 knows. */
  lastPpmScOf0293: number
  ppmSc: Record<string, number>
}

export interface ParamRow {
  name: string
  type: string
  format: string
  flags_table?: string
  dyn_table?: string
  dirfd_param?: number
}

export interface EventRow {
  code: number
  const: string
  name: string
  dir: '>' | '<'
  category: string
  flags: string[]
  params: ParamRow[]
  compat?: Record<string, object | null>
}

export interface SyscallRow {
  nr: number
  name: string
  enter: number
  exit: number
  ppm_sc: number
}

/** System calls of 32-bit processes on x86_64. */
export interface Ia32Calls {
  numbers: Record<string, number>
  /** Calls that are what another one is on x86_64. */
  same_as: Record<string, string>
  /** Calls whose arguments the probe cannot read as those of x86_64, and why: they become generic events. */
  generic: Record<string, string>
  /** What socketcall() calls by its first argument; the first is none. */
  socketcall: string[]
}

/** Codes of an enter event and its exit event. */
export interface Pair {
  enter: number
  exit: number
}

const GENERIC: Pair = { enter: 0, exit: 1 }

/** What the probe sends for a system call when every parameter is on the exit event: the current version. */
export function exitModelPair(call: SyscallRow): Pair {
  return call.enter <= 1 ? GENERIC : { enter: call.enter, exit: call.exit }
}

/**
 * What the probe sends for a system call in the enter+exit model: the newest version of its event that sysdig 0.29.3
 * can read, if that carries the same parameters as the current version; otherwise the current version.
 */
export function bothModelPair(call: SyscallRow, source: SourceTables): Pair {
  const current = exitModelPair(call)
  if (current.enter <= 1) return current
  const family = withoutVersion(source.events[current.enter].const)
  const wanted = signature(current, source)
  for (let enter = current.enter; enter >= 2; enter -= 2) {
    const event = source.events[enter]
    if (withoutVersion(event.const) !== family || event.compat?.['sysdig0.29.3'] == null) continue
    const pair = { enter, exit: enter + 1 }
    return signature(pair, source) === wanted ? pair : current
  }
  return current
}

/** PPME_SOCKET_ACCEPT4_6_E → PPME_SOCKET_ACCEPT4, PPME_SYSCALL_DUP_E → PPME_SYSCALL_DUP */
function withoutVersion(constant: string): string {
  return constant.replace(/(_\d+)?_[EX]$/, '')
}

/** Names and types of the parameters of a pair, in a form that can be compared. */
function signature(pair: Pair, source: SourceTables): string {
  const types = new Map<string, string>()
  for (const code of [pair.enter, pair.exit]) {
    for (const param of source.events[code].params) {
      // The exit event repeats the enter event's fd under the name `oldfd`.
      const name = param.name === 'oldfd' && types.get('fd') === param.type ? 'fd' : param.name
      types.set(name, param.type.replace('ENUMFLAGS', 'FLAGS'))
    }
  }
  return [...types].map((entry) => entry.join(':')).sort().join(' ')
}

/** Names that sysdig 0.29 gives to codes, and that do not follow from the constants of today. */
const NAMES_IN_0_29: Readonly<Record<number, string>> = {
  0: '<unknown>', 100: 'sched_get_priority_max', 283: 'newselect', 292: 'llseek', 298: 'sigreturn',
  // Once these calls with 32-bit ids had codes of their own, but not names.
  305: 'setuid', 306: 'getuid', 307: 'setgid', 308: 'geteuid', 309: 'getgid', 310: 'setresuid', 311: 'setresgid',
  312: 'getresuid', 313: 'getresgid',
}

/** Names of system calls by ppm_sc. */
export function ppmScNames(ppmSc: Record<string, number>): [code: number, name: string][] {
  const names = new Map(Object.entries(ppmSc).map(([constant, code]) => [code, constant.slice('PPM_SC_'.length).toLowerCase()]))
  for (const [code, name] of Object.entries(NAMES_IN_0_29)) names.set(Number(code), name)
  return [...names]
}

/** The rows of arm64: those of x86_64 that have a number there, under that number. */
export function arm64Rows({ syscalls, arm64 }: SourceTables): SyscallRow[] {
  const rows = new Map(syscalls.map((call) => [call.name, call]))
  return Object.entries(arm64).map(([name, nr]) => {
    const row = rows.get(name)
    if (row === undefined) throw new Error(`arm64 has a system call ${name}, which x86_64 has not: what becomes of it?`)
    return { ...row, nr }
  })
}

/** Which call of x86_64 a 32-bit one is, by its number there; without those that x86_64 has nothing like. */
export function ia32Rows({ syscalls, ia32 }: SourceTables): Ia32Row[] {
  return Object.entries(ia32.numbers).flatMap(([name, nr]) => ia32Row(name, nr, syscalls, ia32))
}

/** The calls behind socketcall(), by its first argument. */
export function socketcallRows({ syscalls, ia32 }: SourceTables): Ia32Row[] {
  return ia32.socketcall.flatMap((name, nr) => ia32Row(name, nr, syscalls, ia32))
}

export interface Ia32Row {
  nr: number
  name: string
  /** Number on x86_64. */
  native: number
  generic: boolean
}

function ia32Row(name: string, nr: number, syscalls: SyscallRow[], { same_as, generic }: Ia32Calls): Ia32Row[] {
  const call = syscalls.find((each) => each.name === (same_as[name] ?? name))
  return call === undefined ? [] : [{ nr, name, native: call.nr, generic: name in generic }]
}
