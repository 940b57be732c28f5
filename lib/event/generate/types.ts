import { type EventRow, type ParamRow, ppmScNames, type SourceTables } from './source.js'

/** TypeScript's type of a decoded parameter; decode.ts makes these values. */
export function valueType(param: ParamRow): string {
  switch (param.type) {
    case 'PT_INT64': case 'PT_UINT64': case 'PT_RELTIME': case 'PT_ABSTIME':
      return 'bigint'
    case 'PT_CHARBUF': case 'PT_FSPATH': case 'PT_FSRELPATH':
    case 'PT_IPV4ADDR': case 'PT_IPV6ADDR': case 'PT_IPADDR':
      return 'string'
    case 'PT_BYTEBUF':
      return isStringList(param) ? 'string[]' : 'Uint8Array'
    case 'PT_CHARBUFARRAY': case 'PT_CHARBUF_PAIR_ARRAY': case 'PT_SIGSET':
      return 'string[]'
    case 'PT_SOCKADDR':
      return 'SocketAddress'
    case 'PT_SOCKTUPLE':
      return 'SocketTuple'
    case 'PT_FDLIST':
      return 'PolledFd[]'
    case 'PT_DYN':
      return 'DynamicValue'
    default:
      return 'number'
  }
}

/** The buffers of process events that are lists of NUL-terminated strings. */
export function isStringList(param: { name: string; type: string }): boolean {
  return /^(PT_)?BYTEBUF$/.test(param.type) && /^(args|env|cgroups)$/.test(param.name)
}

/** types.generated.ts. Names of events without versions; 'NA' is the table's filler for exit events that do not exist. */
export function typesModule(source: SourceTables, banner: string): string {
  const named = source.events.filter((event) => event.name !== 'NA')
  const names = [...new Set(named.map((event) => event.name))].sort()
  const generic = [...new Set(ppmScNames(source.ppmSc).map(([, name]) => name))]
    .filter((name) => name !== '<unknown>' && !names.includes(name))
    .sort()
  const byName = (dir?: EventRow['dir']) =>
    names.map((name) => `  ${name}: ${merged(named.filter((e) => e.name === name && (dir === undefined || e.dir === dir)))}`)
  return `// ${banner}
// Copyright (C) 2023 The Falco Authors (the data; MIT, see tables/NOTICE).
import type { DynamicValue, PolledFd, SocketAddress, SocketTuple } from './decode.js'

/** A decoded parameter. */
export type ArgValue =
  | number | bigint | string | Uint8Array | string[]
  | SocketAddress | SocketTuple | PolledFd[]

/** Parameters by name. An event has those of its version; what is missing or unreadable is undefined. */
export interface Args {
  readonly [name: string]: ArgValue | undefined
}

/** Events with parameters of their own. */
type OwnEventName = keyof OwnArgs

/** System calls that have no event of their own: PPME_GENERIC_E/X carry their code only. */
type GenericEventName =
${union(generic)}

export type EventName = OwnEventName | GenericEventName | 'packet'

interface GenericArgs { readonly ID?: number; readonly nativeID?: number }
interface NoArgs {}

/** The parameters of all versions of an event and of both its directions. */
export type ArgsByName = OwnArgs & { [N in GenericEventName]: GenericArgs } & { packet: NoArgs }

export interface ArgsByNameAndDirection {
  enter: EnterArgs & { [N in GenericEventName]: GenericArgs } & { packet: NoArgs }
  exit: ExitArgs & { [N in GenericEventName]: GenericArgs } & { packet: NoArgs }
}

interface OwnArgs {
${byName().join('\n')}
}

interface EnterArgs {
${byName('>').join('\n')}
}

interface ExitArgs {
${byName('<').join('\n')}
}

/** The parameters of one version in one direction, by the driver's constant. */
export interface ArgsByType {
${source.events.map((event) => `  ${event.const}: ${merged([event])}`).join('\n')}
}
`
}

function merged(events: EventRow[]): string {
  const types = new Map<string, Set<string>>()
  for (const param of events.flatMap((event) => event.params)) {
    types.set(param.name, (types.get(param.name) ?? new Set()).add(valueType(param)))
  }
  if (types.size === 0) return 'NoArgs'
  return `{ ${[...types].map(([name, set]) => `readonly ${name}?: ${[...set].join(' | ')}`).join('; ')} }`
}

function union(names: string[]): string {
  const lines = ['']
  for (const name of names) {
    const item = ` | '${name}'`
    if (lines.at(-1)!.length + item.length > 116) lines.push('')
    lines[lines.length - 1] += item
  }
  return lines.map((line) => ` ${line}`).join('\n')
}
