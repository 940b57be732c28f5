import { type Event, FLAG_STATE_ONLY } from '../event/event.js'
import { EVENT_COUNT } from '../event/table.js'
import type { Table } from '../field/field.js'
import { compileFilter } from '../filter/filter.js'
import type { Plan } from '../filter/plan.js'
import { followed, needsEnter } from '../state/follow/index.js'
import { changesState, Follower, type FollowerOptions } from '../state/follower.js'
import { fill, type Initial } from '../state/initial.js'
import { isOwn, ownNumbers } from '../state/share.js'
import { type Lookup, State } from '../state/state.js'
import { type Cursor, OWN } from './burst.js'
import type { CaptureOptions } from './capture.js'
import { parseMetadata } from './file/lists.js'
import type { MetadataBlock } from './metadata.js'

/** The stage between a source and its burst, for captures with a filter or with state; see Follower. */
export interface Following {
  /** What the filter means before any value is read; undefined without a filter. */
  readonly plan: Plan | undefined
  /** The tables that are kept; undefined: all. */
  readonly tables: ReadonlySet<Table> | undefined
  /** The event codes that have to reach the follower, not 0 by code, and OWN if only those of its share; undefined: all. */
  readonly needed: Uint8Array | undefined
  /** Are events passed on because they change the state? */
  readonly stateEvents: boolean
  /** Begins with a new state, of what was there before the first event. */
  begin(source: Cursor): Follower
  /** Goes on with another one: a file's next section, or what a snapshot says of the running machine. */
  restart(follower: Follower, initial: readonly MetadataBlock[] | Initial, lookup?: Lookup): void
  /** A file's lists that come after its first records. */
  extend(follower: Follower, blocks: readonly MetadataBlock[]): void
}

export interface FollowOptions extends Pick<CaptureOptions, 'filter' | 'state' | 'stateEvents' | 'tables' | 'share'> {
  /** Records that the source gives only for the state (FLAG_STATE_ONLY) go no further. */
  hideStateOnly?: boolean
}

/** Throws ERR_CAPTURE_FILTER if the filter cannot be understood. */
export function following({ filter, state = false, stateEvents = false, tables: asked = NONE, share, hideStateOnly = false }: FollowOptions): Following {
  const compiled = filter === undefined ? undefined : compileFilter(filter)
  const planned = compiled?.plan
  // Who may ask for any field needs every table, and every event.
  const tables = state ? undefined : tablesOf(new Set([...asked, ...planned?.needs ?? [], ...share?.by === 'pid' ? ['program' as const] : []]))
  const own = share && ownNumbers(share)
  const isOfShare = share && isOwn(share, own!)
  const types = planned?.types ?? (share && new Uint8Array(EVENT_COUNT).fill(1))
  // Which process a thread is of, only the state knows: it has to see all of them.
  const needed = tables === undefined || types === undefined ? undefined : neededCodes(types, tables, stateEvents, share?.by === 'tid' ? OWN : 1)
  const asking = hideStateOnly ? shown(compiled?.test) : compiled?.test
  const accept = isOfShare === undefined ? asking : asking === undefined ? isOfShare : (ev: Event) => isOfShare(ev) && asking(ev)
  const looked = stateEvents ? undefined : planned?.types
  const options: FollowerOptions = { keepState: stateEvents, ...(accept && { accept }), ...(needed && { needed }), ...(own && { own }) }
  return {
    plan: planned,
    tables,
    needed,
    stateEvents,
    begin: source => new Follower(source, new State(undefined, tables, looked), options),
    restart(follower, initial, lookup) {
      const { watch } = follower.state
      follower.state = new State(lookup, tables, looked)
      follower.state.watch = watch
      fill(follower.state, 'threads' in initial ? initial : parseMetadata(initial))
    },
    extend: (follower, blocks) => fill(follower.state, parseMetadata(blocks)),
  }
}

function shown(test: (ev: Event) => boolean = () => true): (ev: Event) => boolean {
  return ev => (ev.flags & FLAG_STATE_ONLY) === 0 && test(ev)
}

/**
 * What the filter may keep, which is `looked` in the result, what the tables that it looks into are made of, and what is passed on because
 * it changes the state, both 1.
 */
function neededCodes(types: Uint8Array, tables: ReadonlySet<Table>, stateEvents: boolean, looked: number): Uint8Array {
  const needed = types.map(wanted => wanted * looked)
  if (tables.size === 0 && !stateEvents) return needed
  const follows = followed(tables)
  for (let code = 0; code < EVENT_COUNT; code++) if (follows[code] === 1 || (stateEvents && changesState(code))) needed[code] = 1
  // The enter event says when a call began, which fd it is about, and of older drivers what was asked for; the generic one only when.
  for (let code = tables.has('call') ? 1 : 3; code < EVENT_COUNT; code += 2) {
    if (needed[code] === 1 && needsEnter(code, tables)) needed[code - 1] = 1
    else if (types[code] === 1 && needed[code - 1] === 0) needed[code - 1] = looked
  }
  return needed
}

const NONE: ReadonlySet<Table> = new Set()

/** Everything is some thread's; and where an fd's relative path began depends on what the thread did before. */
function tablesOf(needs: ReadonlySet<Table>): ReadonlySet<Table> {
  const onlyPrograms = [...needs].every(table => table === 'program')
  return needs.size === 0 ? needs : new Set<Table>([...needs, 'program', ...(onlyPrograms ? [] : ['thread'] as const)])
}
