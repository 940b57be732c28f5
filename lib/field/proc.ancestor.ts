import type { Event } from '../event/event.js'
import { valueTest } from '../filter/compare.js'
import type { ThreadInfo } from '../state/threadinfo.js'
import { ancestor, findAncestor, mainThread, parentThread } from './ancestor.js'
import { define } from './define.js'
import type { Extractor, Field, Value } from './field.js'
import { commandLine, environmentText, variable } from './proc.command.js'

type Property<T> = (thread: ThreadInfo, ev: Event) => T

/** "2" of proc.aname[2]. */
function level(arg: string): number {
  if (!/^\d{1,9}$/.test(arg)) throw new RangeError(`"${arg}" does not say which ancestor: 1 is the parent, 2 its parent`)
  return Number(arg)
}

/** A field of an ancestor: `[n]` says of which; in a filter and without that, of any. */
function ancestorField(name: string, what: string, type: 'CHARBUF' | 'INT64', property: Property<Value>, since?: string): Field {
  return {
    name,
    type,
    doc: `${what} of an ancestor: ${name}[1] is that of the parent, [2] of its parent; without a number a filter looks at all of them.`,
    arg: 'optional',
    needs: [name === 'proc.aname' || name === 'proc.apid' ? 'program' : 'thread'],
    ...(since === undefined ? {} : { since }),
    bind: (arg) => (arg === undefined ? ofAny(property, type) : ofOne(property, level(arg))),
  }
}

function ofOne(property: Property<Value>, level: number): Extractor {
  return {
    get(ev) {
      const thread = ancestor(ev, level)
      return thread === undefined ? undefined : property(thread, ev)
    },
  }
}

function ofAny(property: Property<Value>, type: 'CHARBUF' | 'INT64'): Extractor {
  return {
    // It is not said whose: in a text it is the process's own.
    ...ofOne(property, 0),
    compare(operator, operands) {
      const matches = valueTest(type, operator, operands)
      // One closure for all events: the event at hand is the one that it is called for.
      let event: Event
      const test = (thread: ThreadInfo) => matches(property(thread, event))
      return (ev) => {
        event = ev
        const main = mainThread(ev)
        return main !== undefined && findAncestor(ev, main, test) !== undefined
      }
    },
  }
}

/** A variable is looked for up to this level. */
const MAX_LEVEL = 20

/** What the nearest ancestor that has the variable set has it set to. */
function inherited(ev: Event, name: string): string | undefined {
  if (ev._thread === undefined) return undefined
  for (let level = 1, thread; level <= MAX_LEVEL && (thread = ancestor(ev, level)) !== undefined; level++) {
    const value = variable(ev, thread, name)
    if (value !== '') return value
  }
  return ''
}

const environmentOf: Property<string> = (thread, ev) => environmentText(ev, thread)

const ofParent = (property: Property<Value>): Extractor['get'] => (ev) => {
  const parent = parentThread(ev)
  return parent === undefined ? undefined : property(parent, ev)
}

/** The oldest shell in the line. */
function loginShell(ev: Event): number | undefined {
  const main = mainThread(ev)
  if (main === undefined) return undefined
  let shell = isShell(main) ? main : undefined
  findAncestor(ev, main, (thread) => {
    if (isShell(thread)) shell = thread
    return false
  })
  return shell?.pid
}

function isShell({ comm }: ThreadInfo): boolean {
  return comm.endsWith('sh')
}

/** Of the processes that this one comes from. */
export const ANCESTOR_FIELDS: readonly Field[] = [
  define('proc.pname', 'CHARBUF', 'proc.name of the parent.', ofParent((thread) => thread.comm), { needs: ['program'] }),
  define('proc.pcmdline', 'CHARBUF', 'proc.cmdline of the parent.', ofParent(commandLine), { needs: ['thread'] }),
  define('proc.pexe', 'CHARBUF', 'proc.exe of the parent.', ofParent((thread) => thread.exe), { needs: ['thread'], since: '0.11' }),
  define('proc.pexepath', 'CHARBUF', 'proc.exepath of the parent.', ofParent((thread) => thread.exepath), {
    needs: ['thread'], since: '0.11',
  }),
  ancestorField('proc.apid', 'Process id', 'INT64', (thread) => thread.pid),
  ancestorField('proc.aname', 'Program name', 'CHARBUF', (thread) => thread.comm),
  ancestorField('proc.aexe', 'argv[0]', 'CHARBUF', (thread) => thread.exe, '0.11'),
  ancestorField('proc.aexepath', 'Path of the program', 'CHARBUF', (thread) => thread.exepath, '0.11'),
  ancestorField('proc.acmdline', 'Command line', 'CHARBUF', commandLine, '0.11'),
  {
    name: 'proc.aenv',
    type: 'CHARBUF',
    doc: 'Environment of an ancestor, by number as in proc.aname; proc.aenv[NAME] is a variable of the nearest one that has it set.',
    arg: 'optional',
    since: '0.14',
    needs: ['thread'],
    bind(arg) {
      if (arg === undefined) return ofAny(environmentOf, 'CHARBUF')
      return /^\d+$/.test(arg) ? ofOne(environmentOf, level(arg)) : { get: (ev) => inherited(ev, arg) }
    },
  },
  define('proc.loginshellid', 'INT64', 'Id of the oldest shell among the process and its ancestors, which tells one login from another.',
    loginShell, { needs: ['thread'] }),
]
