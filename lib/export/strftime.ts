/** What follows a % in a format, in the C locale; see strftime(3). */
const CONVERSIONS: Readonly<Record<string, (date: Date) => string>> = {
  a: date => DAYS[date.getDay()].slice(0, 3),
  A: date => DAYS[date.getDay()],
  b: date => MONTHS[date.getMonth()].slice(0, 3),
  B: date => MONTHS[date.getMonth()],
  c: date => strftime('%a %b %e %H:%M:%S %Y', date),
  C: date => padded(Math.floor(date.getFullYear() / 100), 2),
  d: date => padded(date.getDate(), 2),
  D: date => strftime('%m/%d/%y', date),
  e: date => padded(date.getDate(), 2, ' '),
  F: date => strftime('%Y-%m-%d', date),
  g: date => padded(isoWeek(date).year % 100, 2),
  G: date => String(isoWeek(date).year),
  h: date => strftime('%b', date),
  H: date => padded(date.getHours(), 2),
  I: date => padded(date.getHours() % 12 || 12, 2),
  j: date => padded(dayOfYear(date) + 1, 3),
  k: date => padded(date.getHours(), 2, ' '),
  l: date => padded(date.getHours() % 12 || 12, 2, ' '),
  m: date => padded(date.getMonth() + 1, 2),
  M: date => padded(date.getMinutes(), 2),
  n: () => '\n',
  p: date => (date.getHours() < 12 ? 'AM' : 'PM'),
  P: date => (date.getHours() < 12 ? 'am' : 'pm'),
  r: date => strftime('%I:%M:%S %p', date),
  R: date => strftime('%H:%M', date),
  s: date => String(Math.floor(date.getTime() / 1000)),
  S: date => padded(date.getSeconds(), 2),
  t: () => '\t',
  T: date => strftime('%H:%M:%S', date),
  u: date => String(date.getDay() || 7),
  U: date => padded(weekOfYear(date, date.getDay()), 2),
  V: date => padded(isoWeek(date).week, 2),
  w: date => String(date.getDay()),
  W: date => padded(weekOfYear(date, mondayBased(date)), 2),
  x: date => strftime('%m/%d/%y', date),
  X: date => strftime('%H:%M:%S', date),
  y: date => padded(date.getFullYear() % 100, 2),
  Y: date => String(date.getFullYear()),
  z: date => offset(date),
  Z: date => zone(date),
  '%': () => '%',
}

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const MONTHS = [
  'January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December',
]

/** A time as text, as the C library's function in the C locale. What is no conversion stays as it is. */
export function strftime(format: string, date: Date): string {
  return format.replace(/%[EO]?(.)/gs, (text, letter: string) => (Object.hasOwn(CONVERSIONS, letter) ? CONVERSIONS[letter](date) : text))
}

function padded(value: number, width: number, fill = '0'): string {
  return String(value).padStart(width, fill)
}

function mondayBased(date: Date): number {
  return (date.getDay() + 6) % 7
}

/** From 0. Between midnights in UTC, where each day has 24 hours. */
function dayOfYear(date: Date): number {
  const year = date.getFullYear()
  return (Date.UTC(year, date.getMonth(), date.getDate()) - Date.UTC(year, 0, 1)) / 86_400_000
}

/** Weeks begin on the day that is number 0; days before the first of them are in week 0. */
function weekOfYear(date: Date, weekday: number): number {
  return Math.floor((dayOfYear(date) + 7 - weekday) / 7)
}

/** ISO 8601: the week belongs to the year that its Thursday is in. */
function isoWeek(date: Date): { year: number; week: number } {
  const thursday = new Date(date.getFullYear(), date.getMonth(), date.getDate() - mondayBased(date) + 3)
  return { year: thursday.getFullYear(), week: Math.floor(dayOfYear(thursday) / 7) + 1 }
}

/** "+0200" */
function offset(date: Date): string {
  const minutes = -date.getTimezoneOffset()
  const size = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${padded(Math.floor(size / 60), 2)}${padded(size % 60, 2)}`
}

/** "CET"; where JavaScript has no letters for a zone, nothing. */
function zone(date: Date): string {
  const name = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' }).formatToParts(date).find(({ type }) => type === 'timeZoneName')?.value ?? ''
  return /^[A-Z]+$/.test(name) ? name : ''
}
