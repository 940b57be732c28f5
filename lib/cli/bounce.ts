import type { NicSender, Sent } from '../export/nic.js'
import type { Capture, Stats } from '../iface/capture.js'
import { parse } from './args.js'
import { balanced } from './balance.js'
import { CLUSTER_OPTIONS, clusterOptions } from './clusteroptions.js'
import { footerLines, lossText } from './footer.js'
import { Meter } from './meter.js'
import { Output } from './output.js'
import { RULE, seconds } from './queues.js'
import { isBrokenPipe, OK, UsageError } from './report.js'
import { LIVE_OPTIONS, openSource, SOURCE_OPTIONS, type SourceValues } from './source.js'

const { cluster: _cluster, ...QUEUE_OPTIONS } = CLUSTER_OPTIONS
const OUT_OPTIONS = {
  to: { value: 'MAC', help: "address the frames of events to the collector's interface (default: a group address, for all)" },
  'bypass-qdisc': { help: 'straight to its driver, past traffic control' },
} as const

const OPTIONS = {
  ...SOURCE_OPTIONS,
  out: { group: 'Target', short: 'o', value: 'NIC|cluster:ID', help: 'send out of this network interface, or into the queue cluster:ID@0 of a new cluster' },
  ...OUT_OPTIONS,
  ...QUEUE_OPTIONS,
  ...LIVE_OPTIONS,
  quiet: { group: 'Output', short: 'q', help: 'only the counts at the end' },
  json: { help: 'the counts as one JSON object per line' },
} as const

/** Passes a capture on: out of a network interface, in the way of PF_RING's zbounce, or into a queue, as zbounce_ipc. */
export async function run(args: string[]): Promise<number> {
  const values = parse('bounce', '[-i DEV … | -r FILE …] -o NIC|cluster:ID [OPTION …] [FILTER]', OPTIONS, args, { takesFilter: true })
  if (values === undefined) return OK
  const { out, filter, quiet, json } = values
  if (out === undefined) throw new UsageError('-o is missing: where is it to be sent?', 'sysring bounce -i sysdig -o veth0')
  const cluster = /^cluster:(.+)$/s.exec(out)?.[1]
  if (cluster === undefined) {
    refuse(values, QUEUE_OPTIONS, `is for a new cluster, not for ${out}`)
    return sent(values, out)
  }
  refuse(values, OUT_OPTIONS, `is for network interfaces, not for ${out}`)
  if (cluster.includes('@')) throw new UsageError(`-o makes a cluster, and ${out} would be a queue of one`, `-o cluster:${cluster.split('@')[0]}`)
  return balanced({
    what: 'one queue',
    filter,
    sources: values,
    options: { ...clusterOptions(values), id: cluster, queues: 1 },
    quiet: quiet === true,
    json: json === true,
  })
}

async function sent(values: SourceValues & { filter?: string; quiet?: true; json?: true; to?: string; 'bypass-qdisc'?: true }, out: string): Promise<number> {
  const { filter, quiet, json } = values
  if (values.interface?.some(device => nameOf(device) === out) === true) {
    throw new UsageError(`what is sent out of ${out} would be captured there, and sent again`, 'give -o another interface')
  }
  const { openSender } = await import('../export/nic.js')
  using sender = openSender(out, { bypassQdisc: values['bypass-qdisc'] === true, ...values.to !== undefined && { destination: values.to } })
  await using capture = await openSource(values, filter === undefined ? {} : { filter })
  const report = new SenderReport(capture, sender)
  const output = new Output()
  const print = (final: boolean): Promise<void> => {
    for (const line of json === true ? [report.json(final)] : report.text(final)) output.line(line)
    return output.flush()
  }
  let failure: unknown
  const fail = (error: unknown) => {
    failure ??= error
    void capture.close()
  }
  const timer = quiet === true ? undefined : setInterval(() => void print(false).catch(fail), 1000)
  try {
    for await (const burst of capture) await sender.send(burst)
  } catch (error) {
    fail(error)
  }
  clearInterval(timer)
  await capture.close()
  sender.close()
  if (!isBrokenPipe(failure)) await print(true)
  if (failure !== undefined) throw failure
  return OK
}

function nameOf(device: string): string {
  return device.replace(/^(?:nic|cap):/, '')
}

function refuse(values: object, options: object, sentence: string): void {
  const name = Object.keys(options).find(name => name in values)
  if (name !== undefined) throw new UsageError(`--${name} ${sentence}`, `leave --${name} out`)
}

/** What was captured and what was sent: absolute, and since the last print. */
class SenderReport {
  readonly #meter = new Meter()
  readonly #capture: Capture
  readonly #sender: NicSender

  constructor(capture: Capture, sender: NicSender) {
    this.#capture = capture
    this.#sender = sender
  }

  text(final: boolean): string[] {
    const meter = this.#meter
    meter.step(final)
    const { device } = this.#sender
    const stats = this.#sender.stats()
    if (final) return footer(this.#capture.stats(), stats, device, meter.totalMs / 1000)
    return [
      RULE,
      `Absolute Stats: [${stats.sent} frames sent out of ${device}][${stats.notSent.total} not sent][${this.#capture.stats().dropped.total} dropped before]`,
      `Actual Stats: [${meter.ms.toFixed(2)} ms][${meter.rate('sent', stats.sent)} frames/s][${(meter.rate('bytes', stats.bytes) / 1e6).toFixed(1)} MB/s]`,
      RULE,
    ]
  }

  json(final: boolean): string {
    const meter = this.#meter
    meter.step(final)
    const out = this.#sender.stats()
    return JSON.stringify({ final, seconds: seconds(meter.totalMs), ...this.#capture.stats(), out: { device: this.#sender.device, stream: this.#sender.stream, ...out, rate: meter.rate('sent', out.sent) } })
  }
}

function footer(stats: Stats, { sent, bytes, notSent }: Sent, out: string, seconds: number): string[] {
  const missed = notSent.total === 0 ? '0 not sent' : lossText(notSent, sent + notSent.total).replace('dropped', 'not sent')
  const hint = notSent.too_long > 0 ? [`hint: what is too long goes out with a larger MTU on all of the way: ip link set ${out} mtu 9000 (veth: 65535); or keep less of it: -s`] : []
  return [...footerLines(stats, seconds, false), `${sent} sent out of ${out}, ${bytes} bytes`, missed, ...hint]
}
