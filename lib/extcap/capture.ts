import { pipeline } from 'node:stream/promises'
import { integer, list } from '../cli/args.js'
import { consumers } from '../cli/consumers.js'
import { lossText } from '../cli/footer.js'
import { interruptible } from '../cli/interrupt.js'
import { fail, isBrokenPipe, OK, UsageError } from '../cli/report.js'
import { processText } from '../event/line.js'
import { chunksOf } from '../export/file.js'
import type { PcapngOptions } from '../export/pcapng.js'
import { compileFilter } from '../filter/filter.js'
import type { Capture } from '../iface/capture.js'
import { open } from '../open.js'
import type { LiveOptions } from '../probe/options.js'
import { Fifo } from './fifo.js'
import { AUTO, NONE, type OptionName } from './options.js'

/** What Wireshark asks for: its dialog's values, and its own. */
export type CaptureValues = Partial<Record<OptionName | 'extcap-capture-filter', string | boolean>> & { fifo: string }

/** Captures into the FIFO until Wireshark has enough. What goes wrong is said on standard error, from where Wireshark shows it. */
export async function run(values: CaptureValues): Promise<number> {
  try {
    using fifo = await Fifo.open(values.fifo)
    // A failure is told before the FIFO closes: then Wireshark looks for the reason.
    return await pour(values, fifo).then(() => OK, fail)
  } catch (error) {
    return fail(error)
  }
}

async function pour(values: CaptureValues, fifo: Fifo): Promise<void> {
  const wanted = checked(values)
  // A Ctrl-C comes here too, and tshark sends its SIGTERM after it: the second signal is to end nothing half way. The reader's end does.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {})
  await using capture = await interruptible(signal => opened(wanted, signal))
  fifo.onReaderGone(() => capture.stop())
  const { framing, filter, nic } = wanted
  try {
    await pipeline(chunksOf(capture, { format: 'pcapng', framing, ...(filter !== undefined && { filter }), ...(nic !== undefined && { comments: processText }) }), fifo.stream)
  } catch (error) {
    if (!isBrokenPipe(error)) throw error
  }
  await capture.close()
  const { dropped, seen } = capture.stats()
  // Nothing else of what goes well: any text is an error to Wireshark.
  if (dropped.total > 0) console.error(`sysring: ${lossText(dropped, seen)}`)
}

interface Wanted {
  calls: LiveOptions
  nic: string | undefined
  filter: string | undefined
  framing: NonNullable<PcapngOptions['framing']>
}

function checked(values: CaptureValues): Wanted {
  // What is left empty in the dialog is not chosen.
  const text = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== '')) as Partial<Record<OptionName, string>>
  const nic = text.merge === NONE ? undefined : text.merge
  const framing = chosen('framing', text.framing, ['scap', 'ethernet', 'user0'])
  if (nic !== undefined && framing !== undefined && framing !== 'ethernet') {
    throw new UsageError(`packets of ${nic} cannot stand beside events in framing ${framing}`, `choose the framing ethernet, or ${AUTO}`)
  }
  return {
    calls: {
      snaplen: integer('--snaplen', text.snaplen, 0),
      events: chosen('events', text.events, ['both', 'exit']),
      dynamicSnaplen: values['dynamic-snaplen'] === true,
      dropFailed: values['drop-failed'] === true,
      pids: pids(text.pids, values.readers === true),
    },
    nic,
    filter: conjunction([text.filter, values['extcap-capture-filter'] as string | undefined]),
    framing: framing ?? (nic === undefined ? 'scap' : 'ethernet'),
  }
}

function chosen<C extends string>(name: string, value: string | undefined, choices: readonly C[]): C | undefined {
  if (value === undefined || value === AUTO) return undefined
  const choice = choices.find(choice => choice === value)
  if (choice === undefined) throw new UsageError(`--${name} is one of ${[AUTO, ...choices].join(', ')}, not '${value}'`, `${AUTO} is the default`)
  return choice
}

/** Each is checked by itself, so that what is wrong is said of what was typed. */
function conjunction(filters: readonly (string | undefined)[]): string | undefined {
  const given = filters.filter(filter => filter !== undefined && filter.trim() !== '') as string[]
  for (const filter of given) compileFilter(filter)
  return given.length < 2 ? given[0] : given.map(filter => `(${filter})`).join(' and ')
}

/**
 * Those that are asked for. Otherwise all but those that this capture is for, which would feed it: who started this process is
 * Wireshark or tshark, its children are dumpcap, which reads the FIFO, and others like this, and tshark may print into a pipe.
 */
function pids(text: string | undefined, withReaders: boolean): LiveOptions['pids'] {
  const only = list(text)?.map(pid => integer('--pids', pid, 0)!) ?? []
  if (only.length > 0) return { allow: only }
  const reader = process.ppid
  // Without a parent there is nobody to leave out.
  if (withReaders || reader <= 1) return undefined
  // One of those that have started us, a shell, has other children.
  const { pids, children } = consumers(reader)
  return { deny: [reader, ...children ? pids : pids.slice(0, -1)], children: true }
}

async function opened({ calls, nic, filter, framing }: Wanted, signal: AbortSignal): Promise<Capture> {
  if (nic === undefined) {
    // sysdig takes the names of processes and files from events that the filter refuses; Wireshark passes those blocks over.
    return open('sysdig', { ...calls, signal, ...(filter !== undefined && { filter, stateEvents: framing === 'scap' }) })
  }
  const { merge } = await import('../merge/merge.js')
  // All of the state, for packets get the process that owns their socket.
  const system = await open('sysdig', { ...calls, signal, state: true })
  try {
    return merge([system, await open(nic, { signal })], { signal, ...(filter !== undefined && { filter }) })
  } catch (error) {
    await system.close()
    throw error
  }
}
