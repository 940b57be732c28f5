import type { Model } from './model.js'
import { VIEWS } from './views.js'

interface Action {
  /** As key() names them. */
  readonly keys: readonly string[]
  /** How the help calls them. */
  readonly label: string
  readonly about: string
  act(model: Model, key: string): void
}

/** What the keys do, in the order of the help. */
export const ACTIONS: readonly Action[] = [
  { keys: ['up', 'k'], label: '↑ k', about: 'a row up', act: model => model.move(-1) },
  { keys: ['down', 'j'], label: '↓ j', about: 'a row down', act: model => model.move(1) },
  { keys: ['pageup'], label: 'PgUp', about: 'a page up', act: model => model.move(-model.page) },
  { keys: ['pagedown', ' '], label: 'PgDn space', about: 'a page down', act: model => model.move(model.page) },
  { keys: ['home', 'g'], label: 'Home g', about: 'the first row', act: model => model.move(-Infinity) },
  { keys: ['end', 'G'], label: 'End G', about: 'the last row', act: model => model.move(Infinity) },
  { keys: ['enter'], label: 'Enter', about: 'what the row consists of; of an event its data', act: model => model.enter() },
  { keys: ['escape', 'backspace'], label: 'Esc Backspace', about: 'back', act: model => model.back() },
  { keys: [...VIEWS.map((_, i) => String(i + 1))], label: `1…${VIEWS.length}`, about: VIEWS.map(({ name }, i) => `${i + 1} ${name}`).join(', '), act: (model, key) => model.show(VIEWS[Number(key) - 1].name) },
  { keys: ['8', 'e'], label: '8 e', about: 'the events themselves', act: model => model.show('events') },
  { keys: ['tab'], label: 'Tab', about: 'the next view', act: model => model.turn(1) },
  { keys: ['<', ','], label: '<', about: 'sort by the column to the left', act: model => model.sort(-1) },
  { keys: ['>', '.'], label: '>', about: 'sort by the column to the right', act: model => model.sort(1) },
  { keys: ['r'], label: 'r', about: 'sort the other way round', act: ({ level }) => { level.reversed = !level.reversed } },
  { keys: ['/', 'f'], label: '/ f', about: 'filter, in the language of sysring dump; an empty one shows everything', act: model => model.edit() },
  { keys: ['p'], label: 'p', about: 'pause, and go on', act: model => model.pause() },
  { keys: ['left', '['], label: '← [', about: 'an interval back', act: model => model.step(-1) },
  { keys: ['right', ']'], label: '→ ]', about: 'an interval forth', act: model => model.step(1) },
  { keys: ['w'], label: 'w', about: 'the whole time since the view was chosen, or its last interval', act: model => model.whole() },
  { keys: ['?', 'h'], label: '? h', about: 'this', act: model => { model.mode = model.mode === 'help' ? 'table' : 'help' } },
  { keys: ['q', 'ctrl-c'], label: 'q Ctrl-C', about: 'leave', act: model => model.quit() },
]

/** Does what a key stands for. */
export function press(model: Model, key: string): void {
  if (model.mode === 'filter') write(model, key)
  else if (model.mode === 'help' && key !== 'q' && key !== 'ctrl-c') model.mode = 'table'
  else ACTIONS.find(({ keys }) => keys.includes(key))?.act(model, key)
  model.changed()
}

/** While a filter is written, keys are its characters. */
function write(model: Model, key: string): void {
  switch (key) {
    case 'enter': return model.accept()
    case 'escape': return model.back()
    case 'ctrl-c': return model.quit()
    case 'ctrl-u': return model.write('')
    case 'backspace': return model.write([...model.draft].slice(0, -1).join(''))
    default: if ([...key].length === 1) model.write(model.draft + key)
  }
}
