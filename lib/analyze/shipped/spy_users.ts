import type { FieldName } from '../../field/types.generated.js'
import { lines } from '../lines.js'
import { timeText } from '../units.js'

/** A shell is looked for among so many ancestors. */
const ANCESTORS = 16
const levels = Array.from({ length: ANCESTORS }, (_, i) => i + 1)
const names = levels.map((level): FieldName => `proc.aname[${level}]`)
const pids = levels.map((level): FieldName => `proc.apid[${level}]`)

export default lines({
  name: 'spy_users',
  about: 'What users start from their shells, and the directories they go to',
  category: 'Security',
  args: [{ name: 'max_depth', about: 'nothing that is further away from the shell than that: 0 is what it starts itself; -1: everything', type: 'number', min: -1, default: -1 }],
  filter: '((evt.type = execve and evt.dir = <) or (evt.type = chdir and evt.dir = < and proc.name contains sh and not proc.name contains sshd)) and evt.failed = false',
  fields: ['evt.type', 'proc.name', 'proc.pid', 'user.name', 'proc.exe', 'proc.args', 'evt.arg.path', ...names, ...pids] as const,
  columns: [
    { name: 'depth', title: 'Depth' }, { name: 'shell', title: 'Shell' }, { name: 'user.name', title: 'User' }, { name: 'proc.pid', title: 'PID' },
    { name: 'command', title: 'Command' },
  ],
  row(ev, [type, name, pid, user, exe, args, path, ...ancestors], { max_depth }) {
    const isChdir = type(ev) === 'chdir'
    // The outermost shell, and how far below it this is: a shell that changes its directory is its own.
    let shell = isChdir && isShell(name(ev)) ? pid(ev) : undefined
    let depth = 0
    for (let i = 0; i < ANCESTORS; i++) {
      const ancestor = ancestors[i](ev) as string | undefined
      if (ancestor === undefined) break
      if (!isShell(ancestor)) continue
      shell = ancestors[ANCESTORS + i](ev) as number
      depth = isChdir ? i + 1 : i
    }
    if (shell === undefined || (Number(max_depth) >= 0 && depth > Number(max_depth))) return undefined
    return [depth, shell, user(ev), pid(ev), isChdir ? `cd ${path(ev)}` : `${exe(ev)} ${args(ev)}`]
  },
  text([time, depth, shell, user, , command], paint, container) {
    const indent = ' '.repeat((container === undefined && !String(command).startsWith('cd ') ? 3 : 4) * Number(depth))
    const line = `${indent}${shell} ${timeText(BigInt(time as bigint)).slice(0, 8)} ${user ?? '<NA>'}${container === undefined ? '' : `@${container.name}`}) ${command}`
    return container === undefined ? line : paint(container.name === 'host' ? 'green' : 'blue', line)
  },
})

function isShell(name: string | undefined): boolean {
  return name?.endsWith('sh') === true
}
