/** Values that are names of something that is another in each run, such as process ids: the same one must be the same one each time. */
import type { Parameter } from './told.js'

type Kind = 'process' | 'inode' | 'socket' | 'port'

/** Where in a parameter such a value stands. */
interface Field {
  kind: Kind
  at: number
  bytes: number
}

const [UNIX, INET, INET6] = [1, 2, 10]
/** Ports from here on are the kernel's choice: /proc/sys/net/ipv4/ip_local_port_range. */
const EPHEMERAL = 32768n

/** Family → where the ports are, or the kernel's addresses of the two UNIX sockets. See PT_SOCKADDR and PT_SOCKTUPLE of the driver. */
const IN_SOCKADDR: Readonly<Record<number, readonly number[]>> = { [INET]: [5], [INET6]: [17] }
const IN_SOCKTUPLE: Readonly<Record<number, readonly number[]>> = { [INET]: [5, 11], [INET6]: [17, 35], [UNIX]: [1, 9] }

export class Renaming {
  readonly #ours = new Map<string, bigint>()
  readonly #theirs = new Map<string, bigint>()

  /** Are they the same, if what is a name in one run is translated to the other's? Otherwise undefined. */
  compare(theirs: Parameter, ours: Parameter): 'equal' | 'renamed' | undefined {
    if (theirs.bytes.length !== ours.bytes.length) return undefined
    const fields = fieldsOf(theirs)
    const [rest, ourRest] = [theirs, ours].map(({ bytes }) => fields.reduce((left, { at, bytes }) => left.fill(0, at, at + bytes), Buffer.from(bytes)))
    if (!rest.equals(ourRest)) return undefined
    const paired = fields.every(({ kind, at, bytes }) => this.pair(kind, valueOf(theirs, at, bytes), valueOf(ours, at, bytes)))
    return theirs.bytes.equals(ours.bytes) ? 'equal' : paired ? 'renamed' : undefined
  }

  /** Another thing may have the name from now on, in one of the runs. */
  forget(kind: Kind): void {
    for (const names of [this.#ours, this.#theirs]) for (const name of names.keys()) if (name.startsWith(`${kind} `)) names.delete(name)
  }

  /** May `theirs` of one run be what `ours` is in the other? A name that is seen for the first time gets its partner with this, for good. */
  pair(kind: Kind, theirs: bigint, ours: bigint): boolean {
    if (!isName(kind, theirs) || !isName(kind, ours)) return theirs === ours
    const [a, b] = [`${kind} ${theirs}`, `${kind} ${ours}`]
    if (!this.#ours.has(a) && !this.#theirs.has(b)) {
      this.#ours.set(a, ours)
      this.#theirs.set(b, theirs)
    }
    return this.#ours.get(a) === ours && this.#theirs.get(b) === theirs
  }
}

/** Others mean the same in every run: no process, an error, a port that was asked for. */
function isName(kind: Kind, value: bigint): boolean {
  switch (kind) {
    case 'port': return value >= EPHEMERAL
    case 'socket': return value !== 0n
    default: return value > 0n
  }
}

function fieldsOf({ name, type, bytes }: Parameter): Field[] {
  if (type === 'PID' && bytes.length === 8) return [{ kind: 'process', at: 0, bytes: 8 }]
  if (name === 'ino') return [{ kind: 'inode', at: 0, bytes: 8 }]
  if (type === 'UINT64' && (name === 'source' || name === 'peer')) return [{ kind: 'socket', at: 0, bytes: 8 }]
  if (bytes.length === 0) return []
  const places = type === 'SOCKADDR' ? IN_SOCKADDR[bytes[0]] : type === 'SOCKTUPLE' ? IN_SOCKTUPLE[bytes[0]] : undefined
  return (places ?? []).map((at) => bytes[0] === UNIX ? { kind: 'socket', at, bytes: 8 } : { kind: 'port', at, bytes: 2 })
}

function valueOf({ bytes: from }: Parameter, at: number, bytes: number): bigint {
  return bytes === 8 ? from.readBigInt64LE(at) : BigInt(from.readUInt16LE(at))
}
