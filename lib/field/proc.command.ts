import type { Event } from '../event/event.js'
import type { ThreadInfo } from '../state/threadinfo.js'
import { define, ofThread, threadExtractor } from './define.js'
import type { Extractor, Field } from './field.js'

/** The command with its arguments, the command by the name that the kernel has for it. */
export function commandLine({ comm, args }: ThreadInfo): string {
  return args.length === 0 ? comm : `${comm} ${args.join(' ')}`
}

/** Its environment: that of the process. */
function environment(ev: Event, thread: ThreadInfo): readonly string[] {
  return (ev._state!.mainOf(thread) ?? thread).env
}

export function environmentText(ev: Event, thread: ThreadInfo): string {
  return environment(ev, thread).join(' ')
}

/** What a variable is set to, without the blanks around it; '' if it is not. */
export function variable(ev: Event, thread: ThreadInfo, name: string): string {
  const prefix = `${name}=`
  for (const entry of environment(ev, thread)) if (entry.startsWith(prefix)) return entry.slice(prefix.length).replace(/^ +| +$/g, '')
  return ''
}

const name: Extractor = {
  get: (ev) => ev._thread?.comm,
  write(out, ev) {
    const thread = ev._thread
    if (thread === undefined) return false
    out.text(thread.comm)
    return true
  },
}

/** What the process was started as. */
export const COMMAND_FIELDS: readonly Field[] = [
  define('proc.name', 'CHARBUF', 'Name of the program without its path, at most 15 characters.', name, { needs: ['program'] }),
  ofThread('proc.exe', 'CHARBUF', 'What it was called by: argv[0].', (thread) => thread.exe),
  ofThread('proc.exepath', 'CHARBUF', 'Path of the program\'s file.', (thread) => thread.exepath, { needs: ['thread', 'fd'] }),
  ofThread('proc.args', 'CHARBUF', 'Arguments on the command line, without argv[0].', (thread) => thread.args.join(' ')),
  ofThread('proc.cmdline', 'CHARBUF', 'Command line: proc.name and proc.args.', commandLine),
  ofThread('proc.exeline', 'CHARBUF', 'Command line: proc.exe and proc.args.', ({ exe, args }) => `${exe} ${args.join(' ')}`),
  ofThread('proc.cmdnargs', 'UINT64', 'How many arguments it has, argv[0] not among them.', (thread) => thread.args.length, {
    since: '0.8',
  }),
  ofThread('proc.cmdlenargs', 'UINT64', 'Bytes of all arguments together.',
    (thread) => thread.args.reduce((sum, arg) => sum + Buffer.byteLength(arg), 0), { since: '0.8' }),
  {
    name: 'proc.env',
    type: 'CHARBUF',
    doc: 'Its environment; with an argument, proc.env[HOME], what one variable is set to.',
    arg: 'optional',
    needs: ['thread'],
    bind: (arg) => threadExtractor(
      arg === undefined ? (thread, ev) => environmentText(ev, thread) : (thread, ev) => variable(ev, thread, arg),
    ),
  },
  ofThread('proc.cwd', 'CHARBUF', 'Directory that its relative paths start from, with a slash at the end.',
    (thread, ev) => ev._state!.cwdOf(thread), { needs: ['thread', 'fd'] }),
]
