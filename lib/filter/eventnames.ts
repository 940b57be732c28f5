import { EVENT_COUNT, eventInfo } from '../event/table.js'
import { EVENT_NAMES, PPM_SC_NAMES, SYSCALL_NAMES_X86_64 } from '../event/table.generated.js'

let names: ReadonlySet<string> | undefined

/** Every name that evt.type can have: of events, and of system calls that have no event of their own. */
export function allEventNames(): ReadonlySet<string> {
  const all = () => [...EVENT_NAMES, ...words(PPM_SC_NAMES), ...words(SYSCALL_NAMES_X86_64)]
  return (names ??= new Set(all().filter(name => name !== '' && name !== 'NA')))
}

/** The names of all system calls of x86_64. */
export function syscallNames(): readonly string[] {
  return words(SYSCALL_NAMES_X86_64).filter(name => name !== '')
}

/** Codes of the events of that name, in both directions. */
export function codesOf(name: string): number[] {
  const codes: number[] = []
  for (let code = 2; code < EVENT_COUNT; code++) if (eventInfo(code)!.name === name) codes.push(code & ~1, code | 1)
  return [...new Set(codes)]
}

function words(text: string): string[] {
  return text.replaceAll('\n', '').split(',')
}
