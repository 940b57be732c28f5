import type { Cluster } from '../balance/cluster.js'
import type { BalanceOptions } from '../balance/options.js'
import { ALL_KEYS } from '../balance/policy.js'
import { integer, parse } from './args.js'
import { attend } from './attend.js'
import { CLUSTER_OPTIONS, clusterOptions, perQueue, queuesOf } from './clusteroptions.js'
import { commands, heldQueues, QueueReport } from './queues.js'
import { OK } from './report.js'
import { LIVE_OPTIONS, openSources, SOURCE_OPTIONS, type SourceValues } from './source.js'

const { numevents: _numevents, ...SOURCE } = SOURCE_OPTIONS
const { snaplen, ...LIVE } = LIVE_OPTIONS

const OPTIONS = {
  ...SOURCE,
  queues: { group: 'Queues', short: 'n', value: 'N[,N…]', help: 'how many (default: one per CPU); of several applications, each of which gets everything: 2,1 or counters=2,recorder=1' },
  by: { short: 'm', value: 'KEY', choices: ALL_KEYS, help: 'what chooses the queue of an event (default: tid)' },
  filter: { value: 'Q:EXPR', many: true, help: "what queue Q is for, in sysdig's language" },
  snaplen: { ...snaplen, group: 'Queues', value: '[Q:]BYTES', many: true, help: `${snaplen.help}; with Q: of that queue` },
  cpu: { value: 'CPU', help: 'where the balancing thread runs (default: anywhere)' },
  ...CLUSTER_OPTIONS,
  ...LIVE,
  quiet: { group: 'Output', short: 'q', help: 'only the commands of the consumers, and the counts at the end' },
  json: { help: 'the counts as one JSON object per line' },
} as const

/** Distributes captures over queues that other processes consume, in the way of PF_RING's zbalance_ipc. */
export async function run(args: string[]): Promise<number> {
  const values = parse('balance', '[-i DEV … | -r FILE …] [-c ID] [-n QUEUES] [-m KEY] [OPTION …] [FILTER]', OPTIONS, args, { takesOperands: true })
  if (values === undefined) return OK
  const { operands = [], filter, snaplen, queues, by, cpu, quiet, json, ...others } = values
  const snaplens = perQueue('-s', snaplen)
  const balancer = integer('--cpu', cpu, 0)
  const numbers = queuesOf(queues)
  return balanced({
    what: by ?? 'tid',
    filter: operands.length === 0 ? undefined : operands.join(' '),
    sources: { ...others, ...(snaplens.all !== undefined && { snaplen: snaplens.all }) },
    options: {
      ...clusterOptions(values),
      ...(by !== undefined && { by }),
      ...(numbers !== undefined && { queues: numbers }),
      ...(balancer !== undefined && { cpu: balancer }),
      filters: perQueue('--filter', filter).queues,
      snaplens: snaplens.queues.map(text => integer('-s', text, 0, 65_535)),
    },
    quiet: quiet === true,
    json: json === true,
  })
}

export interface Balanced {
  /** What chooses the queue. */
  what: string
  filter: string | undefined
  sources: SourceValues
  options: BalanceOptions
  quiet: boolean
  json: boolean
}

/** Runs a cluster and tells of its queues. */
export async function balanced({ what, filter, sources, options, quiet, json }: Balanced): Promise<number> {
  const report = new QueueReport(options.queueBytes)
  let waits = false
  let device = ''
  return attend<Cluster>({
    async open(signal) {
      const captures = await openSources(signal, sources, { metadata: true, stateEvents: true, ...(filter !== undefined && { filter }) })
      waits = captures.every(({ canWait }) => canWait)
      device = captures.map(({ device }) => device).join(', ')
      const { balance } = await import('../balance/balance.js')
      return balance(captures, options)
    },
    begin(cluster) {
      report.start()
      return json ? [report.json(cluster.stats(), false)] : commands(cluster, `${device} by ${what}`)
    },
    lines: (cluster, final) => (json ? [report.json(cluster.stats(), final)] : report.text(cluster.stats(), final)),
    held: cluster => heldQueues(waits, cluster.stats().queues),
    quiet,
  })
}
