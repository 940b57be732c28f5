// The tree of processes, as it is at the end of a trace; without an argument, as root, that of the running machine.
// node examples/ptree.mjs [FILE]
import { open, openFile } from 'sysring'

const [file] = process.argv.slice(2)
const capture = file === undefined
  ? await open('sysdig', { state: true, maxDurationMs: 500 })
  : await openFile(file, { state: true })

for await (const _burst of capture) { /* the state follows by itself */ }

const children = new Map() // pid → the processes that it started
for (const thread of capture.state.threads.values()) {
  if (thread.isMain && thread.tid !== 0) children.set(thread.ptid, [...(children.get(thread.ptid) ?? []), thread])
}
const pids = new Set([...children.values()].flat().map(({ pid }) => pid))
const roots = [...children].filter(([ptid]) => !pids.has(ptid)).flatMap(([, processes]) => processes)
for (const root of roots) print(root, '')

function print({ pid, comm, exe, args }, indent) {
  console.log(`${indent}${pid} ${comm}${args.length > 0 ? `: ${exe} ${args.join(' ')}` : ''}`)
  for (const child of children.get(pid) ?? []) print(child, `${indent}  `)
}
