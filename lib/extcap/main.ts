#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { version } from '../../package.json'
import { INTERFACE, OPTIONS, sentences, valuesOf } from './options.js'

/**
 * What Wireshark and tshark start for their interface `sysdig`, see extcap(4): they ask which interfaces there are, what can be set
 * and whether a filter is right, and let it capture. Most of that is asked at each of their starts, so nothing is loaded for it.
 */
async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { ...PROTOCOL, ...OPTIONS }, strict: false })
  const text = values as Record<string, string | undefined>
  if (values['extcap-interfaces'] === true) return answer(interfaces())
  const { 'extcap-interface': name = INTERFACE, 'extcap-capture-filter': filter } = text
  if (name !== INTERFACE) return refuse(`there is no interface ${name}, only ${INTERFACE}`)
  if (values['extcap-dlts'] === true) return answer(LINKTYPES)
  if (values['extcap-config'] === true) return answer(text['extcap-reload-option'] === undefined ? sentences() : valuesOf(text['extcap-reload-option']))
  if (values.capture === true) {
    if (text.fifo === undefined) return refuse('--capture goes with --fifo, which says where to')
    return (await import('./capture.js')).run({ ...text, fifo: text.fifo })
  }
  if (filter !== undefined) return answer(await complaint(filter))
  return refuse('this is for Wireshark and tshark to start: sysring extcap --help')
}

/** The protocol's own options. Versions to come may have others, which are let pass. */
const PROTOCOL = {
  'extcap-interfaces': { type: 'boolean' },
  'extcap-version': { type: 'string' },
  'extcap-interface': { type: 'string' },
  'extcap-dlts': { type: 'boolean' },
  'extcap-config': { type: 'boolean' },
  'extcap-reload-option': { type: 'string' },
  'extcap-capture-filter': { type: 'string' },
  capture: { type: 'boolean' },
  fifo: { type: 'string' },
} as const

function interfaces(): string[] {
  return [`extcap {version=${version}}{display=sysring}`, `interface {value=${INTERFACE}}{display=System calls}`]
}

/**
 * Only shown: what a file holds is said by itself. Blocks of Sysdig events are no packets and have no link type; the interface that
 * stands in their file is of this one, and frames without Ethernet are.
 */
const LINKTYPES = ['dlt {number=147}{name=USER0}{display=Sysdig events}']

/** Wireshark takes a line for what is wrong with the filter, and none for a good one; either with success. */
async function complaint(filter: string): Promise<string[]> {
  if (filter.trim() === '') return []
  const [{ compileFilter }, { isCaptureError }] = await Promise.all([import('../filter/filter.js'), import('../errors.js')])
  try {
    compileFilter(filter)
    return []
  } catch (error) {
    if (!isCaptureError(error)) throw error
    // The lines after the first one point at the place, which takes a fixed width.
    return [`${error.message.split('\n')[0]}; ${error.hint}`]
  }
}

function answer(lines: readonly string[]): number {
  for (const line of lines) console.log(line)
  return 0
}

function refuse(sentence: string): number {
  console.error(`sysring: ${sentence}`)
  return 2
}

process.exitCode = await main(process.argv.slice(2))
