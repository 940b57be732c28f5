// The tree of processes, as it is at the end of a trace; without an argument, as root, that of the running machine.
// npx tsx examples/ptree.ts [FILE]
import { open, openFile, type ThreadInfo } from 'sysring'

const [file] = process.argv.slice(2)
const capture = file === undefined
  ? await open('sysdig', { state: true, maxDurationMs: 500 })
  : await openFile(file, { state: true })

for await (const _burst of capture) { /* the state follows by itself */ }

const children = new Map<number, ThreadInfo[]>() // pid → the processes that it started
for (const thread of capture.state!.threads.values()) {
  if (thread.isMain && thread.tid !== 0) children.set(thread.ptid, [...(children.get(thread.ptid) ?? []), thread])
}
const pids = new Set([...children.values()].flat().map(({ pid }) => pid))
const roots = [...children].filter(([ptid]) => !pids.has(ptid)).flatMap(([, processes]) => processes)
for (const root of roots) print(root, '')

function print({ pid, comm, exe, args }: ThreadInfo, indent: string): void {
  console.log(`${indent}${pid} ${comm}: ${[exe, ...args].join(' ')}`.slice(0, 120))
  for (const child of children.get(pid) ?? []) print(child, `${indent}  `)
}
