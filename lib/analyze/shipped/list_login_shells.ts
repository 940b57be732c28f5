import type { FieldName } from '../../field/types.generated.js'
import { type ArgumentValues, defineAnalyzer } from '../analyzer.js'
import { addTo, emptySums, entries, type KeyPart, mergeSums, type Sums } from '../sums.js'

export interface State {
  shells: Sums
  args: ArgumentValues
}

/** Which shells people have logged in with: the oldest one above each program that was started. */
function loginShells(containers: readonly FieldName[]) {
  return defineAnalyzer<State, readonly FieldName[]>({
    name: 'list_login_shells',
    about: 'Ids of login shells, of those in which a certain program was started: what spy_users takes',
    category: 'Security',
    filter: 'evt.type in (execve, execveat) and evt.dir = <',
    fields: ['evt.arg.exe', 'evt.arg.args', 'proc.loginshellid', ...containers],
    args: [
      { name: 'command', about: 'only shells in which a program was started with this in its name; * stands for any', type: 'string', default: '*' },
      { name: 'arguments', about: 'only shells in which a program was started with this in its arguments', type: 'string', default: '' },
    ],
    whole: true,
    columns: [{ name: 'proc.loginshellid', title: 'Shell' }, ...containers.map(name => ({ name, title: name }))],
    start: ({ maxKeys, args }) => ({ shells: emptySums(maxKeys), args }),
    event({ shells, args: { command, arguments: wanted } }, ev, [exe, args, ...key]) {
      const program = exe(ev)
      if (program === undefined || (command !== '*' && !String(program).includes(String(command))) || !String(args(ev) ?? '').includes(String(wanted))) return
      const parts = key.map(part => part(ev))
      if (parts.every(part => part !== undefined)) addTo(shells, parts as KeyPart[], 1)
    },
    merge: (into, from) => mergeSums(into.shells, from.shells),
    report: ({ shells }) => ({ rows: [...entries(shells)].map(({ key }) => key).sort((a, b) => Number(a[0]) - Number(b[0])), cut: shells.cut }),
  })
}

export default { ...loginShells([]), withContainers: loginShells(['container.name', 'container.id']) }
