import type { Event } from '../event/event.js'
import { mainThread } from './ancestor.js'
import { define, ofThread } from './define.js'
import type { Field } from './field.js'

/** Open fds in percent of those that it may open. */
function fdUsage(ev: Event): number | undefined {
  const main = mainThread(ev)
  if (main === undefined) return undefined
  const { fdlimit } = main
  if (fdlimit <= 0) return 0
  return Math.min(100, ev._state!.fdsOf(main).size * 100 / fdlimit)
}

function fdCount(ev: Event): number | undefined {
  const main = mainThread(ev)
  return main === undefined ? undefined : ev._state!.fdsOf(main).size
}

function threadCount(ev: Event): number | undefined {
  const main = mainThread(ev)
  return main === undefined ? undefined : main.nchilds + 1
}

/** What the process uses. */
export const RESOURCE_FIELDS: readonly Field[] = [
  define('proc.nthreads', 'UINT32', 'How many threads the process has, the main thread among them.', threadCount, { needs: ['program'] }),
  ofThread('proc.nchilds', 'UINT32', 'How many threads the process has beside the main thread.', (thread) => thread.nchilds),
  define('proc.fdopencount', 'UINT64', 'How many fds the process has open.', fdCount, { needs: ['thread', 'fd'] }),
  define('proc.fdlimit', 'INT64', 'How many fds the process may have open; -1 if that is not known.', (ev) => mainThread(ev)?.fdlimit, {
    needs: ['thread'],
  }),
  define('proc.fdusage', 'DOUBLE', 'Open fds in percent of those that the process may have open.', fdUsage, { needs: ['thread', 'fd'] }),
  ofThread('proc.vmsize', 'UINT64', 'Its virtual memory in KiB.', (thread) => thread.vmSizeKb, { needs: ['thread', 'usage'] }),
  ofThread('proc.vmrss', 'UINT64', 'Its memory in RAM in KiB.', (thread) => thread.vmRssKb, { needs: ['thread', 'usage'] }),
  ofThread('proc.vmswap', 'UINT64', 'Its memory in swap space in KiB.', (thread) => thread.vmSwapKb, { needs: ['thread', 'usage'] }),
]
