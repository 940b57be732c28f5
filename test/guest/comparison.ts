/** Goes along what the module and the eBPF probe told of the same programs. See differences.ts for what need not be the same, and why. */
import { type Difference, DIFFERENCES, MODULE_TYPES, OLDER_NAMES } from './differences.js'
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

/** A thread of a program, for messages and counts. */
interface Place {
  program: string
  where: string
  counts: Counts
}

/** One event of an entry, with one of its parameters, and how often it explained something. */
interface Entry extends Pick<Difference, 'how' | 'programs' | 'why' | 'sometimes'> {
  name: string
  count: number
}

export class ProgramComparison {
  /** By program. */
  readonly counts = new Map<string, Counts>()
  /** Events that only the eBPF probe has, and no entry explains: as many as the module has dropped. */
  readonly missing: string[] = []
  /** What else no entry explains. */
  readonly unexplained: string[] = []
  readonly #renaming = new Renaming()
  readonly #entries = DIFFERENCES.flatMap(entriesOf)

  constructor(module: readonly Thread[], bpf: readonly Thread[]) {
    const pairs = bpf.map((ours): [Thread | undefined, Thread] => [module.find(theirs => nameOf(theirs) === nameOf(ours)), ours])
    // Every thread is known by its name before anybody speaks of it.
    for (const [theirs, ours] of pairs) if (theirs !== undefined) this.#renaming.pair('process', BigInt(theirs.tid), BigInt(ours.tid))
    for (const [theirs, ours] of pairs) {
      const counts = this.counts.get(ours.program) ?? { events: 0, equal: 0, renamed: 0, later: 0, listed: 0 }
      this.counts.set(ours.program, counts)
      this.#compareThread({ program: ours.program, where: nameOf(ours), counts }, theirs?.events ?? [], ours.events)
    }
    for (const theirs of module) {
      if (!bpf.some(ours => nameOf(ours) === nameOf(theirs))) this.unexplained.push(`${nameOf(theirs)}: only the module tells of this thread`)
    }
  }

  /** By cause: how many events or parameters it explains. */
  get causes(): Map<string, number> {
    const causes = new Map<string, number>()
    for (const { why, count } of this.#entries) if (count > 0) causes.set(why, (causes.get(why) ?? 0) + count)
    return causes
  }

  /** Entries, or parts of them, that explain nothing. */
  get unused(): string[] {
    return this.#entries.filter(({ count, sometimes }) => count === 0 && sometimes !== true).map(({ name, why }) => `${name}: ${why}`)
  }

  #compareThread(place: Place, module: readonly Told[], bpf: readonly Told[]): void {
    let at = 0
    let own = 0
    while (at < module.length || own < bpf.length) {
      const [skipped, ownSkipped] = nearest(module, at, bpf, own)
      for (const theirs of module.slice(at, at + skipped)) {
        if (!this.#explain(place, `${theirs.event} only module`)) this.unexplained.push(`${place.where} only the module: ${text(theirs)}`)
      }
      for (const ours of bpf.slice(own, own + ownSkipped)) {
        if (!this.#explain(place, `${ours.event} only eBPF`)) this.missing.push(`${place.where} ${text(ours)}`)
      }
      at += skipped
      own += ownSkipped
      if (at < module.length && own < bpf.length) this.#compareEvent(place, module[at++], bpf[own++])
    }
  }

  #compareEvent(place: Place, theirs: Told, ours: Told): void {
    const { counts } = place
    counts.events++
    // It may lie where one was that is closed: these names are addresses in the kernel's memory.
    if (ours.event === '< socket' || ours.event === '< socketpair') this.#renaming.forget('socket')
    const sameType = theirs.type === ours.type
    for (const param of theirs.params) {
      const mine = ours.params.find(({ name }) => name === param.name)
      const what = mine === undefined ? undefined : this.#renaming.compare(param, mine)
      const differs = () => this.unexplained.push(`${place.where} ${ours.event} ${param.name}: module ${shown(param)}, eBPF ${shown(mine)} in ${text(ours)}`)
      if (what !== undefined) counts[what]++
      // The older event's parameters are not all in the one that took its place.
      else if (mine === undefined && !sameType) counts.later++
      else if (mine === undefined || !this.#explain(place, `${ours.event} ${param.name}`, [param, mine])) differs()
    }
    ours.params.forEach((param, index) => {
      if (theirs.params.some(({ name }) => name === param.name)) return
      if (sameType ? index >= theirs.params.length : ours.type >= MODULE_TYPES) counts.later++
      else this.unexplained.push(`${place.where} ${ours.event} ${param.name}: only eBPF has ${shown(param)}`)
    })
  }

  /** Is there an entry for what has this name: of the event, or for a parameter of its type? */
  #explain({ program, counts }: Place, name: string, params?: [theirs: Parameter, ours: Parameter]): boolean {
    const entry = this.#entries.find(each =>
      (each.name === name || (params !== undefined && each.name === `* ${params[0].type}`)) &&
      (each.programs?.includes(program) ?? true) &&
      (each.how === undefined || (params !== undefined && each.how(...params))))
    if (entry === undefined) return false
    entry.count++
    counts.listed++
    return true
  }
}

function nameOf({ program, index }: Thread): string {
  return `${program}[${index}]`
}

function entriesOf({ events, params, types, only, ...rest }: Difference): Entry[] {
  const whats = only === undefined ? params ?? types! : [`only ${only}`]
  return events.flatMap(event => whats.map(what => ({ ...rest, name: `${event} ${what}`, count: 0 })))
}

/** Skipping one of the module's events is so many times as unlikely as skipping one of ours, of which there are more. */
const UNLIKELY = 4

/** How many events of each must be skipped until both go on with the same one. */
function nearest(module: readonly Told[], at: number, bpf: readonly Told[], own: number): [number, number] {
  const [left, ownLeft] = [module.length - at, bpf.length - own]
  for (let distance = 0; distance < UNLIKELY * left + ownLeft; distance++) {
    for (let skipped = 0; UNLIKELY * skipped <= distance; skipped++) {
      const ownSkipped = distance - UNLIKELY * skipped
      const theirs = module[at + skipped]
      const ours = bpf[own + ownSkipped]
      if (theirs !== undefined && ours !== undefined && isSame(theirs, ours)) return [skipped, ownSkipped]
    }
  }
  return [left, ownLeft]
}

/** One call, whatever the module's older table calls it. */
function isSame(theirs: Told, ours: Told): boolean {
  if (theirs.event === ours.event) return true
  if (theirs.event[0] !== ours.event[0]) return false
  const [name, ourName] = [theirs.event.slice(2), ours.event.slice(2)]
  // A call that is younger than the module's table has no name in it.
  return name === OLDER_NAMES[ourName] || (name === '<unknown>' && (ours.type >= MODULE_TYPES || ours.type < 2))
}

function text({ event, params }: Told): string {
  return `${event} ${params.map(param => `${param.name}=${shown(param)}`).join(' ')}`
}

function shown(param: Parameter | undefined): string {
  return param === undefined ? 'has none' : param.bytes.length === 0 ? 'empty' : param.text
}
