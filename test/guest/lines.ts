/** What two probes print of the same routine, made comparable: see DIFFERENCES for what is left out, and why. */
import { readFileSync } from 'node:fs'
import { DIFFERENCES, RENAMED } from './differences.js'

/** One event of the routine, as text. */
export interface Line {
  /** Which of the routine's threads, counted from the first: thread numbers differ in each run. */
  thread: number
  /** "> openat", "< openat". */
  event: string
  /** Parameters by name, in order. */
  params: Map<string, string>
}

export interface LineComparison {
  /** Lines that both have, with the same event. */
  compared: number
  /** Parameters that both have, with the same text. */
  equal: number
  /** By name of the difference: how many lines or parameters were left out for it. */
  leftOut: Map<string, number>
  /** What no entry explains. */
  unexplained: string[]
}

/** Reads the lines of one run, in the order of each thread, from setns(-1) to setns(-2) of the first. */
export function readLines(path: string): Line[] {
  const threads: string[] = []
  const lines = readFileSync(path, 'utf8').trim().split('\n').map(text => {
    const [, tid, event, rest] = /^\d+ \S+ \d+ \((\d+)\) ([<>] \S+) ?(.*)$/.exec(text)!
    if (!threads.includes(tid)) threads.push(tid)
    return { thread: threads.indexOf(tid), event, params: paramsOf(rest) }
  })
  // The numbers of the threads, wherever they are printed.
  for (const { params } of lines) {
    for (const [name, value] of params) if (threads.includes(value)) params.set(name, `thread ${threads.indexOf(value)}`)
  }
  const begin = lines.findIndex(({ event }) => event === '> setns')
  return lines.slice(begin).sort((a, b) => a.thread - b.thread)
}

/** "a=1 b=two words c=3": a name starts after a space. */
function paramsOf(text: string): Map<string, string> {
  return new Map([...text.matchAll(/(?:^| )([a-z_0-9]+)=(.*?)(?= [a-z_0-9]+=|\s*$)/g)].map(([, name, value]) => [name, value.trim()]))
}

/** Goes along the module's lines and those of the eBPF probe. */
export function compareLines(module: readonly Line[], bpf: readonly Line[]): LineComparison {
  const result: LineComparison = { compared: 0, equal: 0, leftOut: new Map(), unexplained: [] }
  const leaveOut = (event: string, name: string | undefined, what: string) => {
    const difference = DIFFERENCES.find(each => each.event.test(event) && (name === undefined ? each.params === undefined : each.params?.includes(name)))
    if (difference === undefined) result.unexplained.push(what)
    else result.leftOut.set(difference.why, (result.leftOut.get(difference.why) ?? 0) + 1)
  }
  let next = 0
  for (const ours of bpf) {
    const theirs = module[next]
    const name = ours.event.slice(2)
    if (theirs === undefined || theirs.thread !== ours.thread || theirs.event !== `${ours.event[0]} ${RENAMED[name] ?? name}`) {
      leaveOut(ours.event, undefined, `only eBPF: ${text(ours)}; module: ${theirs && text(theirs)}`)
      continue
    }
    next++
    result.compared++
    for (const [param, value] of theirs.params) {
      if (ours.params.get(param) === value) result.equal++
      else leaveOut(ours.event, param, `${ours.event} ${param}: module ${value}, eBPF ${ours.params.get(param)}`)
    }
    for (const param of ours.params.keys()) if (!theirs.params.has(param)) leaveOut(ours.event, `+${param}`, `${ours.event}: only eBPF has ${param}=${ours.params.get(param)}`)
  }
  for (const theirs of module.slice(next)) result.unexplained.push(`only the module: ${text(theirs)}`)
  return result
}

function text({ thread, event, params }: Line): string {
  return `[${thread}] ${event} ${[...params].map(pair => pair.join('=')).join(' ')}`
}
