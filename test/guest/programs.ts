/** C programs in the guest. Each prints "pid N" and waits for SIGUSR1, unless its first comment says otherwise. */

/** Those that are the guest's own. */
export const PROGRAMS = 'test/guest/programs'

export interface Compared {
  /** In messages. */
  name: string
  /** A .c file without its ending, or a folder of them that are one program. */
  source: string
  args: readonly string[]
}

const kernel = (name: string): Compared => ({ name, source: `test/kernel/programs/${name}`, args: [] })

/** All families of calls but `races`, whose outcome is another one each time. */
const FAMILIES = ['files', 'memory', 'waiting', 'sockets', 'ids', 'owners', 'limits', 'namespaces', 'semaphores', 'messages', 'control', 'modules', 'rings',
  'processes', 'others', 'hostile']

/**
 * Programs of which the module and the eBPF probe both tell: see scenarios/programs.mjs. They make the same calls in the same
 * order each time.
 */
export const COMPARED: readonly Compared[] = [
  ...['creators', 'family', 'more'].map(kernel),
  { name: 'calls', source: 'test/kernel/programs/calls', args: FAMILIES },
  { name: 'routine', source: `${PROGRAMS}/routine`, args: [] },
]
