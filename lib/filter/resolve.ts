import type { Extractor, Field, Table, Value, ValueType } from '../field/field.js'
import { nearestName } from '../field/nearest.js'
import type { FieldTerm, Filter, Term } from './ast.js'
import { FilterError } from './error.js'
import { TRANSFORMERS, type Transformer } from './transform.js'
import type { Get } from './predicate.js'

/** Where fields are looked up: `lib/field/registry.ts` as a whole. */
export interface Fields {
  findField(name: string): Field | undefined
  fieldNames(): readonly string[]
}

/** What a field or a transformed field is, and how to get its value. */
export interface Source {
  readonly field: Field
  readonly arg: string | undefined
  readonly type: ValueType
  /** Its values are a list: `all`. */
  readonly list: boolean
  readonly get: Get
  readonly all: Extractor['all']
  /** Of fields that compare in a way of their own. */
  readonly compare: Extractor['compare']
  /** Transformers were applied to the field. */
  readonly transformed: boolean
  readonly needs: readonly Table[]
}

/** What people call fields that are called otherwise. */
const ALIASES: Readonly<Record<string, string>> = {
  pid: 'proc.pid', ppid: 'proc.ppid', tid: 'thread.tid', comm: 'proc.name', exe: 'proc.exe', cmdline: 'proc.cmdline', cwd: 'proc.cwd',
  uid: 'user.uid', gid: 'group.gid', user: 'user.name', group: 'group.name', fd: 'fd.num', path: 'fd.name', file: 'fd.name',
  filename: 'fd.filename', port: 'fd.port', ip: 'fd.ip', host: 'fd.ip', net: 'fd.net', cpu: 'evt.cpu', type: 'evt.type', event: 'evt.type',
  syscall: 'syscall.type', name: 'proc.name', dir: 'evt.dir', num: 'evt.num', failed: 'evt.failed', res: 'evt.res',
  container: 'container.name',
  'evt.name': 'evt.type', 'evt.pid': 'proc.pid', 'evt.tid': 'thread.tid', 'evt.direction': 'evt.dir', 'evt.time.ns': 'evt.rawtime.ns',
  'evt.error': 'evt.res', 'evt.errno': 'evt.res', 'evt.ret': 'evt.rawres', 'evt.retval': 'evt.rawres', 'evt.success': 'evt.failed',
  'evt.data': 'evt.buffer', 'proc.comm': 'proc.name', 'proc.tid': 'thread.tid', 'proc.path': 'proc.exepath', 'proc.uid': 'user.uid',
  'proc.gid': 'group.gid', 'proc.user': 'user.name', 'proc.parent': 'proc.pname', 'process.name': 'proc.name', 'process.pid': 'proc.pid',
  'thread.name': 'proc.name', 'thread.id': 'thread.tid', 'thread.pid': 'proc.pid', 'fd.path': 'fd.name', 'fd.file': 'fd.filename',
  'fd.dir': 'fd.directory', 'fd.fd': 'fd.num', 'fd.dport': 'fd.sport', 'fd.dip': 'fd.sip', 'fd.srcip': 'fd.cip', 'fd.dstip': 'fd.sip',
  'file.name': 'fd.name', 'file.path': 'fd.name', 'user.id': 'user.uid', 'group.id': 'group.gid', 'syscall.name': 'syscall.type',
}

/** What a term stands for. @throws FilterError */
export function resolve(term: Term, { text }: Pick<Filter, 'text'>, fields: Fields): Source {
  if (term.kind === 'field') return resolveField(term, text, fields)
  const source = resolve(term.of, { text }, fields)
  const transformer = TRANSFORMERS.get(term.name) as Transformer
  const type = transformer.type(source.type, source.list)
  if (type === undefined || source.field.filterOnly) {
    throw new FilterError(text, term, `${term.name}() cannot be applied to ${source.field.name}`, {
      hint: `${source.field.name} is of type ${source.type}`,
    })
  }
  const { get, all } = source
  const apply = (value: Value | undefined) => (value === undefined ? undefined : transformer.apply(value))
  const { applyAll } = transformer
  return {
    ...source,
    type,
    list: false,
    get: source.list && applyAll !== undefined && all !== undefined
      ? ev => { const values = all(ev); return values === undefined ? undefined : applyAll(values) }
      : ev => apply(get(ev)),
    all: undefined,
    compare: undefined,
    transformed: true,
  }
}

function resolveField(term: FieldTerm, text: string, fields: Fields): Source {
  const { field, arg } = findField(term, text, fields)
  if (arg === undefined && field.arg === 'required') {
    throw new FilterError(text, term, `${field.name} needs an argument`, {
      expected: ['[argument]', '.argument'],
      suggestion: `${field.name}.name or ${field.name}[0]`,
    })
  }
  let extractor: Extractor
  try {
    extractor = field.bind(arg)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    const start = arg === undefined ? term.start : term.start + field.name.length + 1
    throw new FilterError(text, { start, end: term.end }, `${field.name}: ${error.message}`, {
      expected: ['another argument'],
      hint: field.doc,
    })
  }
  return {
    field,
    arg,
    type: extractor.type ?? field.type,
    list: field.list ?? false,
    get: extractor.get.bind(extractor),
    all: extractor.all?.bind(extractor),
    compare: extractor.compare?.bind(extractor),
    transformed: false,
    needs: field.needs ?? [],
  }
}

/** The field whose name is the longest beginning of what is written, with the rest as its argument. */
function findField(term: FieldTerm, text: string, fields: Fields): { field: Field; arg: string | undefined } {
  const { name } = term
  for (let end = name.length; end > 0; end = name.lastIndexOf('.', end - 1)) {
    const field = fields.findField(name.slice(0, end))
    if (field === undefined) continue
    if (end === name.length && (term.arg === undefined || field.arg !== undefined)) return { field, arg: term.arg }
    if (end < name.length && term.arg === undefined && field.arg !== undefined) return { field, arg: name.slice(end + 1) }
    // What is too much: an argument, unless it looks like the name of another field.
    if (end < name.length && term.arg === undefined) break
    const start = term.start + end
    throw new FilterError(text, { start, end: term.end }, `${field.name} takes ${field.arg === undefined ? 'no' : 'one'} argument`, {
      expected: ['an operator'],
      suggestion: text.slice(term.start, start),
    })
  }
  const suggestion = suggest(name, fields)
  const hint = suggestion === undefined ? '`sysring fields` lists the fields there are' : undefined
  const at = { start: term.start, end: term.start + name.length }
  throw new FilterError(text, at, `there is no field ${name}`, { expected: ['a field'], suggestion, hint })
}

function suggest(name: string, fields: Fields): string | undefined {
  const lower = name.toLowerCase()
  const exact = fields.findField(lower)
  if (exact !== undefined) return exact.name
  const alias = Object.hasOwn(ALIASES, lower) ? ALIASES[lower] : undefined
  if (alias !== undefined && fields.findField(alias) !== undefined) return alias
  return nearestName(lower, fields.fieldNames())
}
