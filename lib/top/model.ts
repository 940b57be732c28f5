import type { Row } from '../analyze/report.js'
import { isCaptureError } from '../errors.js'
import { compileFilter } from '../filter/filter.js'
import type { Gathering } from './gathering.js'
import { Level, type Scope } from './level.js'
import { idOf, type Slice } from './slice.js'
import type { ViewName } from './view.js'
import { VIEW_NAMES } from './views.js'
import type { Watch } from './watch.js'

/** What fills the screen: a table, the keys, the filter while it is written, or the data of an event. */
export type Mode = 'table' | 'help' | 'filter' | 'data'

/** What sysring top shows, and what its keys do to that. Knows nothing of terminals. */
export class Model {
  mode: Mode = 'table'
  /** The filter that is used, and the one that is being written, with what is wrong with it. */
  filter: string
  draft = ''
  complaint: readonly string[] = []
  /** Rows that fit the screen, for the keys that turn pages. */
  page = 20
  /** Lines of the data that are above the screen. */
  scrolled = 0
  /** True once somebody wants to leave. */
  left = false
  readonly watch: Watch
  #levels: Level[]
  #gathering: Gathering
  /** Shown until somebody resumes; undefined: what comes. */
  #held: Slice | undefined
  #isWhole: boolean
  #listeners = new Set<() => void>()

  /** @throws FilterError */
  constructor(watch: Watch, view: ViewName, filter: string) {
    this.watch = watch
    this.filter = filter
    this.#isWhole = !watch.live
    this.#levels = [new Level(view, [])]
    this.#gathering = this.#ask()
  }

  get level(): Level { return this.#levels[this.#levels.length - 1] }
  get gathering(): Gathering { return this.#gathering }
  get paused(): boolean { return this.#held !== undefined }
  /** Is everything shown as one, and not an interval? */
  get isWhole(): boolean { return this.#isWhole }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  changed(): void {
    for (const listener of this.#listeners) listener()
  }

  /** What is shown; undefined before there is anything. */
  get slice(): Slice | undefined {
    // Running events are lines that follow one another, and no sums.
    const isWhole = this.#isWhole || (this.level.view === undefined && this.watch.live)
    return this.#held ?? (isWhole ? this.#gathering.whole() : this.#gathering.slices.at(-1))
  }

  /** The intervals up to the one that is shown, oldest first. */
  get history(): readonly Slice[] {
    const { slices } = this.#gathering
    const at = this.#held === undefined ? -1 : slices.indexOf(this.#held)
    return at < 0 ? slices : slices.slice(0, at + 1)
  }

  /** In the order that was chosen. */
  get rows(): readonly Row[] {
    const { slice } = this
    return slice === undefined ? [] : this.level.sorted(slice)
  }

  /** Of the row that the cursor is on; -1 without rows. */
  cursor(rows: readonly Row[]): number {
    const { selected, identity, view } = this.level
    const found = selected === undefined ? -1 : rows.findIndex(row => idOf(row, identity) === selected)
    if (found >= 0) return found
    return view === undefined && this.watch.live ? rows.length - 1 : Math.min(0, rows.length - 1)
  }

  move(by: number): void {
    if (this.mode === 'data') return void (this.scrolled = Math.max(0, this.scrolled + by))
    const { level, rows } = this
    const at = Math.max(0, Math.min(rows.length - 1, this.cursor(rows) + by))
    // On the last line of what goes on the cursor goes with it.
    const follows = level.view === undefined && this.watch.live && at === rows.length - 1
    level.selected = rows.length === 0 || follows ? undefined : idOf(rows[at], level.identity)
  }

  /** Into the row at the cursor: what it consists of, of an event its data. */
  enter(): void {
    const { level, rows } = this
    const row = rows[this.cursor(rows)]
    if (row === undefined || this.mode !== 'table') return
    level.selected = idOf(row, level.identity)
    if (level.view === undefined) {
      this.#held ??= this.slice
      this.scrolled = 0
      this.mode = 'data'
    } else {
      this.#go([...this.#levels, new Level(level.view.next, [...level.scope, level.scopeOf(row)])])
    }
  }

  /** Out of what was looked into last. */
  back(): void {
    if (this.mode !== 'table') this.mode = 'table'
    else if (this.#levels.length > 1) this.#go(this.#levels.slice(0, -1))
  }

  /** Another view of the same: within a row that was looked into, of that one's. */
  show(name: ViewName): void {
    this.#go([...this.#levels.slice(0, -1), new Level(name, this.level.scope)])
  }

  turn(by: number): void {
    const at = VIEW_NAMES.indexOf(this.level.name) + by
    this.show(VIEW_NAMES[(at + VIEW_NAMES.length) % VIEW_NAMES.length])
  }

  sort(by: number): void {
    const { level } = this
    level.sort = (level.sort + by + level.columns.length) % level.columns.length
    level.reversed = false
  }

  /** A file does not go on. */
  pause(): void {
    if (!this.watch.live) return
    this.#held = this.#held === undefined ? this.slice : undefined
  }

  /** An interval back, or forth. After the last one what comes is shown again. */
  step(by: number): void {
    const { slices } = this.#gathering
    const at = this.#held === undefined ? -1 : slices.indexOf(this.#held)
    const next = (at < 0 ? (this.#isWhole && by > 0 ? -1 : slices.length - (this.#isWhole ? 0 : 1)) : at) + by
    this.#isWhole = false
    this.#held = this.watch.live && next >= slices.length ? undefined : slices[Math.max(0, Math.min(slices.length - 1, next))]
  }

  whole(): void {
    this.#isWhole = !this.#isWhole
    this.#held = undefined
  }

  edit(): void {
    this.mode = 'filter'
    this.draft = this.filter
    this.complaint = []
  }

  write(draft: string): void {
    this.draft = draft
    this.complaint = []
  }

  /** Uses the filter that was written, or says what is wrong with it. */
  accept(): void {
    const before = this.filter
    try {
      if (this.draft.trim() !== '') compileFilter(this.draft)
      this.filter = this.draft.trim()
      this.mode = 'table'
      if (this.filter !== before) this.#go(this.#levels)
    } catch (error) {
      if (!isCaptureError(error)) throw error
      this.complaint = [...error.message.split('\n'), `hint: ${error.hint}`]
    }
  }

  quit(): void {
    this.left = true
    this.changed()
  }

  #go(levels: Level[]): void {
    this.#levels = levels
    this.#held = undefined
    this.#gathering = this.#ask()
  }

  #ask(): Gathering {
    const { analyzer, identity, scope } = this.level
    const filters = [...scope.map(({ filter }: Scope) => filter), ...this.filter === '' ? [] : [this.filter]]
    return this.watch.ask({ analyzer, identity, filter: filters.length === 0 ? undefined : filters.map(filter => `(${filter})`).join(' and ') })
  }
}
