import { hostname } from 'node:os'
import type { Event } from '../event/event.js'
import { byType } from './bytype.js'
import { define } from './define.js'
import type { Extractor, Field } from './field.js'
import { Param } from './param.js'

const isInfrastructure = byType(({ const: code }) => code === 'PPME_INFRASTRUCTURE_EVENT_E', false)
const DESCRIPTION = new Param('description')

/** Of "Event: start; ID: 1a2b; name: web" the value of one key; it ends at the next colon. */
function described(ev: Event, key: string): string | undefined {
  if (!isInfrastructure(ev.type)) return undefined
  const entry = DESCRIPTION.text(ev)?.split(';').map((part) => part.trim()).find((part) => part.startsWith(key))
  return entry?.split(':')[1]?.trim()
}

/** The image without its digest; an image that has no other name is "sha256:" and its digest. */
function image(ev: Event): string | undefined {
  const name = described(ev, 'Image')
  if (name === undefined || name.includes('@')) return name?.slice(0, name.indexOf('@'))
  if (!name.includes('sha256')) return name
  const entry = DESCRIPTION.text(ev)!.split(';').map((part) => part.trim()).find((part) => part.startsWith('Image'))!
  return entry.slice(entry.indexOf(':') + 1).trim()
}

/** The name of the machine can be said in the environment, for containers: theirs is not that of the host. */
function machineName(ev: Event): string | undefined {
  const state = ev._state
  if (state !== undefined && !state.live) return state.machine?.hostname
  return process.env['SCAP_HOSTNAME'] ?? hostname()
}

const MILLISECOND = 1_000_000n

const AROUND: Field = {
  name: 'evt.around',
  type: 'UINT64',
  doc: 'Is the event near a moment? evt.around[T]=D: at most D milliseconds before or after evt.rawtime T.',
  arg: 'required',
  filterOnly: true,
  bind: (arg): Extractor => {
    const moment = number(arg ?? '')
    return {
      get: () => undefined,
      compare: (operator, [operand = '']) => {
        if (operator !== '=') throw new RangeError('evt.around can only be compared with =')
        const delta = number(operand) * MILLISECOND
        return isBetween(moment > delta ? moment - delta : 0n, moment + delta)
      },
    }
  },
}

function number(text: string): bigint {
  if (!/^\d+$/.test(text)) throw new RangeError(`${text} is not a number`)
  return BigInt(text)
}

/** Compares the halves of the time: a BigInt per event would cost more than the rest. */
function isBetween(first: bigint, last: bigint): (ev: Event) => boolean {
  const [firstHi, firstLo] = halves(first)
  const [lastHi, lastLo] = halves(last)
  return ({ tsHi, tsLo }) =>
    (tsHi > firstHi || (tsHi === firstHi && tsLo >= firstLo)) && (tsHi < lastHi || (tsHi === lastHi && tsLo <= lastLo))
}

function halves(value: bigint): [hi: number, lo: number] {
  return [Number(value >> 32n), Number(value & 0xffff_ffffn)]
}

const COUNTER: Field = {
  name: 'util.cnt',
  type: 'UINT64',
  doc: 'Counts the lines of its formatter, from 1.',
  bind: (): Extractor => {
    let count = 0
    return { get: () => ++count }
  },
}

function ofDocker(name: string, doc: string, get: (ev: Event) => string | undefined): Field {
  return define(`evt.infra.docker.${name}`, 'CHARBUF', `Of events of Docker: ${doc}.`, get)
}

function ofPlugin(name: string, doc: string): Field {
  const none = 'none, since no plugins are loaded'
  return define(`evt.${name}`, 'CHARBUF', `Of events of a plugin, its ${doc}: ${none}.`, () => undefined)
}

export const MISC_FIELDS: readonly Field[] = [
  AROUND,
  ofDocker('name', 'what has happened', (ev) => described(ev, 'Event')),
  ofDocker('container.id', 'the id of the container, twelve digits', (ev) => described(ev, 'ID')?.slice(0, 12)),
  ofDocker('container.name', 'the name of the container', (ev) => described(ev, 'name')),
  ofDocker('container.image', 'the image of the container', image),
  ofPlugin('pluginname', 'name'),
  ofPlugin('plugininfo', 'text'),
  define('evt.hostname', 'CHARBUF', 'The name of the machine; SCAP_HOSTNAME in the environment overrides it.',
    machineName, { since: '0.12' }),
  define('evt.note', 'CHARBUF', 'What a stage of a pipeline has said of the event.', ev => ev.note, { since: 'sysring' }),
  COUNTER,
]
