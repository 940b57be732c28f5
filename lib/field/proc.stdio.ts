import type { FdInfo } from '../state/fdinfo.js'
import { ofThread } from './define.js'
import type { Field } from './field.js'

const STREAMS = ['stdin', 'stdout', 'stderr'] as const

function streamFields(what: 'type' | 'name', property: (fd: FdInfo) => string): Field[] {
  return STREAMS.map((stream, number) =>
    ofThread(`proc.${stream}.${what}`, 'CHARBUF', `fd.${what} of the process's ${stream}.`, (thread, ev) => {
      const fd = ev._state!.fdsOf(thread).get(number)
      return fd === undefined ? undefined : property(fd)
    }, { needs: ['thread', 'fd'], since: '0.18' }))
}

/** The fds 0, 1 and 2 of the process. */
export const STDIO_FIELDS: readonly Field[] = [
  ...streamFields('type', (fd) => fd.typeName ?? '<NA>'),
  ...streamFields('name', (fd) => fd.name),
]
