/** Goes along what the module and the eBPF probe told of the same programs. See differences.ts for what need not be the same, and why. */
import { type Difference, DIFFERENCES, MODULE_TYPES, OLDER_NAMES, SCHEMA } from './differences.js'
import { Renaming } from './renaming.js'
import type { Parameter, Thread, Told } from './told.js'

export interface Counts {
  /** Events that both have. */
  events: number
  /** Their parameters that are the same, byte for byte. */
  equal: number
  /** Those that are the same but for names of things that are others in each run: processes, inodes, sockets, ports. */
  renamed: number
  /** Those that the module's schema does not have. */
  later: number
  /** Those that an entry explains. */
  listed: number
}

export class ProgramComparison {
  /** By program. */
  readonly counts = new Map<string, Counts>()
  /** By cause: how many events or parameters it explains. */
  readonly causes = new Map<string, number>()
  /** What no entry explains. */
  readonly unexplained: string[] = []
  readonly #renaming = new Renaming()
  readonly #used = new Set<string>()

  constructor(module: readonly Thread[], bpf: readonly Thread[]) {
    const key = ({ program, index }: Thread) => `${program}[${index}]`
    for (const { program } of bpf) this.counts.set(program, { events: 0, equal: 0, renamed: 0, later: 0, listed: 0 })
    const pairs = bpf.map((ours): [string, Thread | undefined, Thread] => [key(ours), module.find(theirs => key(theirs) === key(ours)), ours])
    // Every thread is known by its name before anybody speaks of it.
    for (const [, theirs, ours] of pairs) if (theirs !== undefined) this.#renaming.pair('process', BigInt(theirs.tid), BigInt(ours.tid))
    for (const [name, theirs, ours] of pairs) this.#compareThread(name, this.counts.get(ours.program)!, theirs?.events ?? [], ours.events)
    for (const theirs of module) {
      if (!bpf.some(ours => key(ours) === key(theirs))) this.unexplained.push(`${key(theirs)}: only the module tells of this thread`)
    }
  }

  /** Entries, or parts of them, that explain nothing. */
  get unused(): string[] {
    return DIFFERENCES.filter(({ sometimes }) => !sometimes).flatMap(difference => namesOf(difference).filter(name => !this.#used.has(name)).map(name => `${name}: ${difference.why}`))
  }

  #compareThread(where: string, counts: Counts, module: readonly Told[], bpf: readonly Told[]): void {
    let at = 0
    let own = 0
    while (at < module.length || own < bpf.length) {
      const [skipped, ownSkipped] = nearest(module, at, bpf, own)
      for (const theirs of module.slice(at, at + skipped)) this.#explain(`${theirs.event} only module`, counts, `${where} ${text(theirs)}: only the module`)
      for (const ours of bpf.slice(own, own + ownSkipped)) this.#explain(`${ours.event} only eBPF`, counts, `${where} ${text(ours)}: only eBPF`)
      at += skipped
      own += ownSkipped
      if (at < module.length && own < bpf.length) this.#compareEvent(where, counts, module[at++], bpf[own++])
    }
  }

  #compareEvent(where: string, counts: Counts, theirs: Told, ours: Told): void {
    counts.events++
    // It may lie where one was that is closed: these names are addresses in the kernel's memory.
    if (ours.event === '< socket' || ours.event === '< socketpair') this.#renaming.forget('socket')
    const sameType = theirs.type === ours.type
    for (const param of theirs.params) {
      const mine = ours.params.find(({ name }) => name === param.name)
      const what = mine === undefined ? undefined : this.#renaming.compare(param, mine)
      if (what !== undefined) counts[what]++
      // The older event's parameters are not all in the one that took its place.
      else if (mine === undefined && !sameType) this.#later(counts)
      else this.#explain(`${ours.event} ${param.name}`, counts, `${where} ${ours.event} ${param.name}: module ${shown(param)}, eBPF ${shown(mine)} in ${text(ours)}`)
    }
    ours.params.forEach((param, index) => {
      if (theirs.params.some(({ name }) => name === param.name)) return
      if (sameType ? index >= theirs.params.length : ours.type >= MODULE_TYPES) this.#later(counts)
      else this.#explain(`${ours.event} ${param.name}`, counts, `${where} ${ours.event} ${param.name}: only eBPF, ${shown(param)}`)
    })
  }

  #later(counts: Counts): void {
    counts.later++
    this.causes.set(SCHEMA, (this.causes.get(SCHEMA) ?? 0) + 1)
  }

  #explain(name: string, counts: Counts, what: string): void {
    const difference = DIFFERENCES.find(each => namesOf(each).includes(name))
    if (difference === undefined) return void this.unexplained.push(what)
    counts.listed++
    this.#used.add(name)
    this.causes.set(difference.why, (this.causes.get(difference.why) ?? 0) + 1)
  }
}

function namesOf({ events, params, only }: Difference): string[] {
  return events.flatMap(event => only !== undefined ? [`${event} only ${only}`] : params!.map(param => `${event} ${param}`))
}

/** How many events of each must be skipped until both go on with the same one. */
function nearest(module: readonly Told[], at: number, bpf: readonly Told[], own: number): [number, number] {
  const [left, ownLeft] = [module.length - at, bpf.length - own]
  for (let distance = 0; distance < left + ownLeft; distance++) {
    for (let skipped = 0; skipped <= distance; skipped++) {
      const theirs = module[at + skipped]
      const ours = bpf[own + distance - skipped]
      if (theirs !== undefined && ours !== undefined && isSame(theirs, ours)) return [skipped, distance - skipped]
    }
  }
  return [left, ownLeft]
}

/** One call, whatever the module's older table calls it. */
function isSame(theirs: Told, ours: Told): boolean {
  if (theirs.event === ours.event) return true
  const name = ours.event.slice(2)
  return theirs.event[0] === ours.event[0] && (theirs.event.slice(2) === OLDER_NAMES[name] || (ours.type >= MODULE_TYPES || ours.type < 2) && theirs.event.slice(2) === '<unknown>')
}

function text({ event, params }: Told): string {
  return `${event} ${params.map(param => `${param.name}=${shown(param)}`).join(' ')}`
}

function shown(param: Parameter | undefined): string {
  return param === undefined ? 'has none' : param.bytes.length === 0 ? 'empty' : param.text
}
