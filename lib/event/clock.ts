import type { Event } from './event.js'
import type { TextBuffer } from './textbuffer.js'

const SECOND = 1_000_000_000

// The second that was shown last. Events come about in order, so that nearly all of them need one subtraction of small
// numbers, which is exact; a BigInt is made once per second.
let secondHigh = 0
let secondLow = 0
let seconds = 0
let text: string | undefined
let epochText = ''
let dateText = ''
let utcText = ''

/** Local time of day, "HH:MM:SS.nnnnnnnnn". */
export function timeOfDay(ev: Event): string {
  const nanoseconds = withinSecond(ev)
  return text! + nineDigits(nanoseconds)
}

/** Adds `timeOfDay(ev)`. */
export function writeTimeOfDay(out: TextBuffer, ev: Event): void {
  const nanoseconds = withinSecond(ev)
  out.text(text!)
  out.nineDigits(nanoseconds)
}

/** Local time of day without its fraction, "HH:MM:SS". */
export function timeOfDaySeconds(ev: Event): string {
  withinSecond(ev)
  return text!.slice(0, -1)
}

/** Local date, "YYYY-MM-DD". */
export function localDate(ev: Event): string {
  withinSecond(ev)
  if (dateText === '') dateText = dayOf(new Date(seconds * 1000))
  return dateText
}

/** "2024-05-01T10:00:00.123456789+0000", in UTC. */
export function iso8601(ev: Event): string {
  const nanoseconds = withinSecond(ev)
  if (utcText === '') utcText = new Date(seconds * 1000).toISOString().slice(0, -'.000Z'.length)
  return `${utcText}.${nineDigits(nanoseconds)}+0000`
}

/** Whole seconds since the epoch. */
export function epochSeconds(ev: Event): number {
  withinSecond(ev)
  return seconds
}

/** Adds the nanoseconds since the epoch, in decimal. */
export function writeEpochNanoseconds(out: TextBuffer, ev: Event): void {
  const nanoseconds = withinSecond(ev)
  if (epochText === '') return out.decimal(nanoseconds)
  out.text(epochText)
  out.nineDigits(nanoseconds)
}

/** Nanoseconds since the second began. */
export function withinSecond(ev: Event): number {
  const delta = (ev.tsHi - secondHigh) * 0x1_0000_0000 + (ev.tsLo - secondLow)
  if (delta >= 0 && delta < SECOND && text !== undefined) return delta
  return newSecond(ev.ts)
}

function newSecond(ts: bigint): number {
  const nanoseconds = ts % 1_000_000_000n
  const start = ts - nanoseconds
  seconds = Number(ts / 1_000_000_000n)
  secondHigh = Number(start >> 32n)
  secondLow = Number(start & 0xffff_ffffn)
  const date = new Date(seconds * 1000)
  text = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.`
  epochText = seconds === 0 ? '' : `${seconds}`
  dateText = utcText = ''
  return Number(nanoseconds)
}

/** "2024-05-01 12:00:00.123456789 +0200" */
export function localDateTime(ts: bigint): string {
  const date = new Date(Number(ts / 1_000_000_000n) * 1000)
  const nanoseconds = nineDigits(Number(ts % 1_000_000_000n))
  const zone = -date.getTimezoneOffset()
  const hours = Math.floor(Math.abs(zone) / 60)
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${nanoseconds}`
  return `${dayOf(date)} ${time} ${zone < 0 ? '-' : '+'}${two(hours)}${two(Math.abs(zone) % 60)}`
}

function dayOf(date: Date): string {
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}

function nineDigits(nanoseconds: number): string {
  return `${nanoseconds}`.padStart(9, '0')
}

function two(value: number): string {
  return value < 10 ? `0${value}` : `${value}`
}
