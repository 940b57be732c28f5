import type { Event } from '../event/event.js'
import type { Names } from '../event/paramtext.js'
import type { TextBuffer } from '../event/textbuffer.js'
import { type FdInfo, L4 } from './fdinfo.js'

/** Names for the numbers in an event, as its state knows them: of fds, processes, directories, users and groups. */
export const STATE_NAMES: Names = Object.freeze({
  fd: (ev: Event, fd: number) => {
    const info = fdOf(ev, fd)
    return info === undefined ? undefined : fdText(info)
  },
  writeFd: (out: TextBuffer, ev: Event, fd: number) => {
    const info = fdOf(ev, fd)
    if (info === undefined) return false
    const text = fdBytes(info)
    out.copy(text, 0, text.length)
    return true
  },
  fdLetter: (ev: Event, fd: number) => fdOf(ev, fd)?.letter,
  process: (ev: Event, pid: number) => ev._state?.thread(pid)?.comm,
  directory: (ev: Event, dirfd: number | undefined) => {
    const thread = ev._thread
    const state = ev._state
    if (thread === undefined || state === undefined) return undefined
    if (dirfd === undefined) return state.cwdOf(thread)
    const path = fdOf(ev, dirfd)?.name
    return path === undefined || path === '' ? undefined : `${printable(path)}/`
  },
  user: (ev: Event, uid: number) => ev._state?.users.get(uid)?.name,
  group: (ev: Event, gid: number) => ev._state?.groups.get(gid)?.name,
})

function fdOf(ev: Event, fd: number): FdInfo | undefined {
  const thread = ev._thread
  return thread === undefined ? undefined : ev._state?.fdsOf(thread).get(fd)
}

const L4_LETTERS: readonly string[] = Object.entries(L4).reduce<string[]>((letters, [name, code]) => {
  letters[code] = { TCP: 't', UDP: 'u', ICMP: 'i', RAW: 'r' }[name] ?? ''
  return letters
}, [])

/** Few occur, and they are made once: "<f>", "<4t>". */
const kinds = new Map<number, string>()

function kindText(info: FdInfo): string {
  const protocol = info.isIpSocket || info.isServerSocket ? info.l4proto : L4.NA
  const kind = info.type * L4_LETTERS.length + protocol
  let text = kinds.get(kind)
  if (text === undefined) kinds.set(kind, text = `<${info.letter}${L4_LETTERS[protocol] ?? ''}>`)
  return text
}

/** The text of an fd as bytes, which are kept: an fd is printed with each of its reads and writes. */
function fdBytes(info: FdInfo): Uint8Array {
  const kind = kindText(info)
  if (info._text !== undefined && info._textName === info.name && info._textKind === kind) return info._text
  info._textName = info.name
  info._textKind = kind
  return (info._text = Buffer.from(kind + printable(info.name), 'latin1'))
}

/** "<f>/etc/passwd", "<4t>10.0.0.1:4000->10.0.0.2:80" */
export function fdText(info: FdInfo): string {
  return kindText(info) + printable(info.name)
}

/** Without what is not printable ASCII, as sysdig prints names in lines. */
export function printable(text: string): string {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x20 || code > 0x7e) return text.replace(/[^ -~]/g, '')
  }
  return text
}
