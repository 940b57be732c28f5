/** The screen of sysring top: a bundle of its own, with React and Ink in it, which only that command loads. */
import { Box, render, Text, useInput, useStdout, type Key } from 'ink'
import { createElement as h, useEffect, useReducer, type ReactNode } from 'react'
import { press } from './keys.js'
import { type Line, linesOf } from './layout.js'
import type { Model } from './model.js'

/** Draws the model whenever it changes, until stop(). The terminal is the caller's. */
export function show(model: Model): { stop(): void; failed: Promise<unknown> } {
  const { unmount, waitUntilExit } = render(h(Screen, { model }), { exitOnCtrlC: false, patchConsole: false })
  return { stop: () => unmount(), failed: waitUntilExit() }
}

function Screen({ model }: { model: Model }): ReactNode {
  const { stdout } = useStdout()
  const [, redraw] = useReducer((count: number) => count + 1, 0)
  useEffect(() => {
    const unsubscribe = model.subscribe(redraw)
    stdout.on('resize', redraw)
    return () => {
      unsubscribe()
      stdout.off('resize', redraw)
    }
  }, [model, stdout])
  useInput((input, key) => {
    for (const name of namesOf(input, key)) press(model, name)
  })
  // A row less than there are: Ink clears the whole screen before it draws on its last one.
  const lines = linesOf(model, stdout.columns, stdout.rows - 1)
  return h(Box, { flexDirection: 'column' }, ...lines.map((line, i) => h(LineText, { key: i, line })))
}

const STYLES = {
  title: { bold: true },
  head: { inverse: true, dimColor: true },
  cursor: { inverse: true },
  error: { color: 'red' },
  dim: { dimColor: true },
  plain: {},
} as const

function LineText({ line: { text, style, mark } }: { line: Line }): ReactNode {
  const props = { ...STYLES[style ?? 'plain'], wrap: 'truncate' as const }
  // An empty line has no height.
  if (mark === undefined) return h(Text, props, text === '' ? ' ' : text)
  const [start, end] = mark
  return h(Text, props, text.slice(0, start), h(Text, { bold: true, underline: true }, text.slice(start, end)), text.slice(end))
}

const NAMED = {
  upArrow: 'up', downArrow: 'down', leftArrow: 'left', rightArrow: 'right', pageUp: 'pageup', pageDown: 'pagedown', home: 'home', end: 'end',
  return: 'enter', escape: 'escape', tab: 'tab', backspace: 'backspace', delete: 'backspace',
} as const satisfies Partial<Record<keyof Key, string>>

/** One name for each key that was pressed; what was typed quickly or pasted is many. */
function namesOf(input: string, key: Key): string[] {
  const named = (Object.keys(NAMED) as (keyof typeof NAMED)[]).find(name => key[name])
  if (named !== undefined) return [NAMED[named]]
  return key.ctrl ? [`ctrl-${input}`] : Array.from(input, nameOf)
}

/** Keys without a picture are characters as well: Ctrl-U is the 21st. */
function nameOf(char: string): string {
  const code = char.charCodeAt(0)
  if (code === 0x0a || code === 0x0d) return 'enter'
  if (code === 0x08 || code === 0x7f) return 'backspace'
  return code < 0x20 ? `ctrl-${String.fromCharCode(code + 0x60)}` : char
}
