import type { FieldName } from '../../field/types.generated.js'
import { lines } from '../lines.js'
import type { Cell } from '../report.js'

function ended(containers: readonly FieldName[]) {
  return lines({
    name: 'proc_exec_time',
    about: 'Processes that have ended, and how long they ran',
    category: 'Performance',
    filter: 'evt.type = procexit',
    fields: ['proc.duration', ...containers, 'proc.name', 'proc.args'],
    columns: [
      { name: 'proc.duration', title: 'proc.duration', unit: 'ns' }, ...containers.map(name => ({ name, title: name })),
      { name: 'proc.name', title: 'proc.name' }, { name: 'proc.args', title: 'proc.args' },
    ],
    row(ev, [duration, ...others]) {
      const ns = duration(ev)
      // Those that were there before have begun nobody knows when.
      return ns === undefined ? undefined : [Number(ns), ...others.map(value => value(ev) as Cell)]
    },
  })
}

export default { ...ended([]), withContainers: ended(['container.id', 'container.name']) }
