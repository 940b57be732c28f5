import type { Sent } from '../export/nic.js'
import type { Stats } from '../iface/capture.js'
import { parse } from './args.js'
import { footerLines, lossText } from './footer.js'
import { Progress } from './progress.js'
import { OK, UsageError } from './report.js'
import { LIVE_OPTIONS, openSource, SOURCE_OPTIONS } from './source.js'

const OPTIONS = {
  ...SOURCE_OPTIONS,
  out: { group: 'Target', short: 'o', value: 'NIC', help: 'send out of this network interface' },
  'bypass-qdisc': { help: 'straight to its driver, past traffic control' },
  ...LIVE_OPTIONS,
  json: { group: 'Output', help: 'print the counts at the end as one JSON object' },
} as const

/** Reads a capture and sends it out of a network interface, in the way of PF_RING's zbounce. */
export async function run(args: string[]): Promise<number> {
  const values = parse('bounce', '[-i DEV | -r FILE] -o NIC [OPTION …] [FILTER]', OPTIONS, args, { takesFilter: true })
  if (values === undefined) return OK
  const { out, filter, json } = values
  if (out === undefined) throw new UsageError('-o is missing: where is it to be sent?', 'sysring bounce -i sysdig -o veth0')
  if (values.interface !== undefined && nameOf(values.interface) === out) {
    throw new UsageError(`what is sent out of ${out} would be captured there, and sent again`, 'give -o another interface')
  }
  const { openSender } = await import('../export/nic.js')
  using sender = openSender(out, { bypassQdisc: values['bypass-qdisc'] === true })
  await using capture = await openSource(values, filter === undefined ? {} : { filter })
  const started = performance.now()
  let failure: unknown
  try {
    using _progress = new Progress(() => `${sender.stats().sent} sent, ${capture.stats().dropped.total} dropped`)
    for await (const burst of capture) await sender.send(burst)
  } catch (error) {
    failure = error
  }
  await capture.close()
  sender.close()
  const seconds = (performance.now() - started) / 1000
  if (json === true) console.log(JSON.stringify({ seconds: Number(seconds.toFixed(3)), ...capture.stats(), out: { device: out, ...sender.stats() } }))
  else console.error(footer(capture.stats(), sender.stats(), out, seconds))
  if (failure !== undefined) throw failure
  return OK
}

function nameOf(device: string): string {
  return device.replace(/^(?:nic|cap):/, '')
}

function footer(stats: Stats, { sent, bytes, notSent }: Sent, out: string, seconds: number): string {
  const missed = notSent.total === 0 ? '0 not sent' : lossText(notSent, sent + notSent.total).replace('dropped', 'not sent')
  return [...footerLines(stats, seconds, false), `${sent} sent out of ${out}, ${bytes} bytes`, missed].join('\n')
}
