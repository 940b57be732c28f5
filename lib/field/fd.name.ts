import { numberAt } from '../event/decode.js'
import type { Event } from '../event/event.js'
import { closeString, openString } from '../event/jsonstring.js'
import type { TextBuffer } from '../event/textbuffer.js'
import { FD, type FdInfo } from '../state/fdinfo.js'
import { define } from './define.js'
import { fdOf, hasFd } from './fd.event.js'
import { nameFromEvent, rawNameFromEvent } from './fd.origin.js'
import type { Extractor, Field } from './field.js'

const NEEDS = ['thread', 'fd'] as const

/** PPME_SOCKET_CONNECT_X in the driver's table. */
const CONNECT_X = 23

/** The fd of the event if that has a name of it: a connection that came to nothing has the name that it was to have. */
function named(ev: Event): FdInfo | undefined {
  const fd = fdOf(ev)
  return fd !== undefined && ev.type === CONNECT_X && failed(ev) ? undefined : fd
}

function failed(ev: Event): boolean {
  return ev.nparams > 0 && ev._paramLength(0) >= 8 && numberAt(ev, ev._paramAt(0)) < 0
}

function name(ev: Event): string | undefined {
  const fd = named(ev)
  if (fd !== undefined) return fd.name
  return hasFd(ev) ? nameFromEvent(ev) : undefined
}

function directory(ev: Event): string | undefined {
  const fd = fdOf(ev)
  if (fd === undefined) return hasFd(ev) ? parent(nameFromEvent(ev)) : undefined
  if (fd.isFile) return parent(fd.name)
  return fd.type === FD.DIRECTORY ? fd.name : undefined
}

/** The directory that a path is in; that of a path with a slash at its end is the path. */
function parent(path: string | undefined): string | undefined {
  if (path === undefined) return undefined
  const slash = path.lastIndexOf('/')
  if (slash <= 0) return '/'
  return slash === path.length - 1 ? path : path.slice(0, slash)
}

function filename(ev: Event): string | undefined {
  const fd = fdOf(ev)
  if (fd === undefined || !fd.isFile) return undefined
  const slash = fd.name.lastIndexOf('/')
  if (slash < 0) return '/'
  return slash === fd.name.length - 1 ? fd.name : fd.name.slice(slash + 1)
}

const inContainer = (get: Extractor['get']): Extractor['get'] => (ev) => {
  const value = get(ev)
  return value === undefined ? undefined : `${ev._thread!.containerId}:${String(value)}`
}

/** Text that may have come from anywhere: all of it is compared, what is printable is shown. */
function shown(get: (ev: Event) => string | undefined): Extractor {
  return {
    get,
    write(out, ev) {
      const value = get(ev)
      if (value === undefined) return false
      writePrintable(out, value)
      return true
    },
    writeJson(out, ev) {
      const value = get(ev)
      if (value === undefined) return false
      const start = openString(out)
      writePrintable(out, value)
      closeString(out, start)
      return true
    },
  }
}

const shownInContainer = (get: (ev: Event) => string | undefined): Extractor =>
  shown(inContainer(get) as (ev: Event) => string | undefined)

/** Adds the printable ASCII of a text, as sysdig shows names that come from outside. */
function writePrintable(out: TextBuffer, text: string): void {
  const { length } = text
  out.reserve(length)
  const { bytes } = out
  let at = out.length
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    if (code >= 0x20 && code < 0x7f) bytes[at++] = code
  }
  out.length = at
}

/** What an fd is called. */
export const NAME_FIELDS: readonly Field[] = [
  define('fd.name', 'CHARBUF', 'What the fd is: the path of a file, both addresses of a connection; of a failed call what it was to open.',
    shown(name), { needs: NEEDS }),
  define('fd.nameraw', 'CHARBUF', 'fd.name; where the event itself says a path, that path as it says it.',
    (ev) => (hasFd(ev) ? rawNameFromEvent(ev) ?? name(ev) : undefined), { needs: NEEDS, since: '0.8' }),
  define('fd.directory', 'CHARBUF', 'Directory that the file is in; of a directory itself.', shown(directory), { needs: NEEDS }),
  define('fd.filename', 'CHARBUF', 'Name of the file without its directory.', shown(filename), { needs: NEEDS }),
  define('fd.containername', 'CHARBUF', 'Id of the container and fd.name, with a colon between.', shownInContainer(name), { needs: NEEDS }),
  define('fd.containerdirectory', 'CHARBUF', 'Id of the container and fd.directory, with a colon between.', shownInContainer(directory), {
    needs: NEEDS,
  }),
  define('fd.name_changed', 'BOOL', 'Did this event change what the fd is called, as a datagram to another address does?', (ev) => {
    const fd = fdOf(ev)
    return fd === undefined ? undefined : ev._fd !== undefined && fd.name !== fd.oldName
  }, { needs: NEEDS }),
]
