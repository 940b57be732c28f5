import { addressText } from '../event/address.js'
import { polledFds } from '../event/decode.js'
import type { Event } from '../event/event.js'
import type { FdInfo, Ip } from '../state/fdinfo.js'
import { define } from './define.js'
import type { Field } from './field.js'
import { Param } from './param.js'

const FDS = new Param('fds')

/** What is to be said of each fd that poll was asked for, or has found; those of which it is undefined are left out. */
function list(ev: Event, of: (fd: number, info: FdInfo | undefined) => string | undefined): string | undefined {
  const index = FDS.indexIn(ev)
  const { _state: state, _thread: thread } = ev
  if (index < 0 || state === undefined || thread === undefined) return undefined
  const entries = polledFds(ev, ev._paramAt(index), ev._paramLength(index)) ?? []
  const fds = state.fdsOf(thread)
  const texts = entries.map(({ fd }) => of(fd, fds.get(fd))).filter((text) => text !== undefined)
  return texts.length === 0 ? undefined : texts.join(',')
}

function field(name: string, doc: string, of: (fd: number, info: FdInfo | undefined) => string | undefined): Field {
  return define(`fdlist.${name}`, 'CHARBUF', `Of the fds of a poll ${doc}.`, (ev) => list(ev, of), { needs: ['fd'] })
}

function ipText(ip: Ip): string {
  return typeof ip === 'number' ? [ip >>> 24, (ip >>> 16) & 255, (ip >>> 8) & 255, ip & 255].join('.') : addressText(ip)
}

/** Fields of poll and ppoll. */
export const FDLIST_FIELDS: readonly Field[] = [
  field('nums', 'the numbers', (fd) => `${fd}`),
  field('names', 'the names', (_, info) => info?.name || '<NA>'),
  field('cips', 'the addresses of the clients', (_, info) => (info?.isIpSocket ? ipText(info.sip) : undefined)),
  field('sips', 'the addresses of the servers', (_, info) =>
    info?.isIpSocket ? ipText(info.dip) : info?.isServerSocket ? ipText(info.sip) : undefined),
  field('cports', 'the ports of the clients', (_, info) => (info?.isIpSocket ? `${info.sport}` : undefined)),
  field('sports', 'the ports of the servers', (_, info) => (info?.isIpSocket ? `${info.dport}` : undefined)),
]
