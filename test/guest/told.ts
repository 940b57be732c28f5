/** What a probe told of the compared programs, in one run of scenarios/programs.mjs. */
import { type Event, eventInfo } from '../../lib/index.js'
import { openFile } from '../../lib/iface/file/open.js'

/** One of the programs, and the process that it was in this run. */
export interface Root {
  name: string
  pid: number
}

/** A thread of a program, and its events in order. */
export interface Thread {
  program: string
  /** Which of the program's threads, counted from the first as they appear: their numbers differ in each run. */
  index: number
  tid: number
  events: Told[]
}

export interface Told {
  /** "> openat", "< openat". */
  event: string
  type: number
  params: readonly Parameter[]
}

/** A parameter as it is on the wire, under the name that its event's table gives it. */
export interface Parameter {
  name: string
  type: string
  bytes: Buffer
  /** For messages. */
  text: string
}

/** What programs do first once they may begin: the end of their waiting for SIGUSR1. */
const BEGIN = '< rt_sigtimedwait'
/** sysdig's own, about processes that were there before. */
const PROCINFO = 234

/** Reads what was told of `roots`, which ran one after the other, and of the threads that they started. */
export async function readTold(path: string, roots: readonly Root[]): Promise<Thread[]> {
  const threads = new Map<number, Thread>()
  let running: Root | undefined
  let count = 0
  for await (const burst of await openFile(path)) {
    for (const ev of burst) {
      if (ev.type === PROCINFO) continue
      const told = toldOf(ev)
      let thread = threads.get(ev.tid)
      if (thread === undefined) {
        const root = roots.find(({ pid }) => pid === ev.tid)
        if (root !== undefined && told.event === BEGIN) [running, count] = [root, 0]
        // It still waits, or it is about to.
        else if (root !== undefined || running === undefined) continue
        thread = { program: running!.name, index: count++, tid: ev.tid, events: [] }
        threads.set(ev.tid, thread)
      }
      thread.events.push(told)
    }
  }
  return [...threads.values()]
}

function toldOf(ev: Event): Told {
  const infos = eventInfo(ev.type)!.params
  const params = infos.slice(0, ev.nparams).map(({ name, type }, i): Parameter =>
    ({ name, type, bytes: Buffer.from(ev.param(i)!.copy()), text: textOf(ev.args[name]) }))
  return { event: `${ev.dir === 'enter' ? '>' : '<'} ${ev.name}`, type: ev.type, params }
}

function textOf(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  return JSON.stringify(value, (_, item: unknown) => typeof item === 'bigint' ? String(item) : item) ?? 'nothing'
}
