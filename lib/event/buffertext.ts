import type { TextBuffer } from './textbuffer.js'

/**
 * How the data of reads and writes is shown: with a dot for what is not printable; the printable characters and line ends
 * only; in hexadecimal, without and with those dots beside it; in base64. As sysdig's default, -A, -x, -X and -b.
 */
export type BufferFormat = 'dots' | 'ascii' | 'hex' | 'hexascii' | 'base64'

/** `whole`: dots are not cut after 80 characters (sysdig's -v). The other formats never are. */
export interface BufferStyle {
  readonly format: BufferFormat
  readonly whole: boolean
}

export const DEFAULT_STYLE: BufferStyle = Object.freeze({ format: 'dots', whole: false })

// The writers of parameters are many and shared; only a formatter knows the style. It says so before each line.
let write = writeCut

/** From now on, until somebody asks for another one. */
export function setBufferStyle({ format, whole }: BufferStyle): void {
  write = format === 'dots' ? (whole ? writeDots : writeCut) : WRITERS[format]
}

/** Adds the bytes from `start` to `end` in the style that is set. */
export function writeBuffer(out: TextBuffer, memory: Uint8Array, start: number, end: number): void {
  if (start < end) write(out, memory, start, end)
}

type Write = (out: TextBuffer, memory: Uint8Array, start: number, end: number) => void

const NEWLINE = 0x0a
const RETURN = 0x0d
const BLANK = 0x20
const TAB = 0x09
const DOT = 0x2e
/** Bytes in a line of hexadecimal. */
const ROW = 16

function writeCut(out: TextBuffer, memory: Uint8Array, start: number, end: number): void {
  out.copyDotted(memory, start, end)
}

function writeDots(out: TextBuffer, memory: Uint8Array, start: number, end: number): void {
  out.reserve(end - start)
  for (let i = start; i < end; i++) out.byte(isPrintable(memory[i]) ? memory[i] : DOT)
}

/** A return counts as the end of a line, alone or with a newline; a newline as the first byte is dropped. */
const writeAscii: Write = (out, memory, start, end) => {
  out.reserve(end - start + 1)
  out.byte(NEWLINE)
  for (let i = start; i < end; i++) {
    const byte = memory[i]
    if (isPrintable(byte)) out.byte(byte)
    else if (byte === RETURN || (byte === NEWLINE && i > start && memory[i - 1] !== RETURN)) out.byte(NEWLINE)
  }
}

const writeHex: Write = (out, memory, start, end) => writeRows(out, memory, start, end, false)
const writeHexAscii: Write = (out, memory, start, end) => writeRows(out, memory, start, end, true)

function writeRows(out: TextBuffer, memory: Uint8Array, start: number, end: number, withText: boolean): void {
  for (let row = start; row < end; row += ROW) {
    const stop = Math.min(row + ROW, end)
    out.reserve(0)
    out.byte(NEWLINE)
    out.byte(TAB)
    out.text(`0x${(row - start).toString(16).padStart(4, '0')}:`)
    for (let i = row; i < stop; i++) {
      if ((i - row) % 2 === 0) out.byte(BLANK)
      writeByte(out, memory[i])
    }
    if (!withText) continue
    out.text(' '.repeat(5 * Math.floor((row + ROW - stop) / 2) + 2))
    out.reserve(ROW)
    for (let i = row; i < stop; i++) out.byte(isPrintable(memory[i]) ? memory[i] : DOT)
  }
  out.reserve(0)
  out.byte(NEWLINE)
}

const DIGITS = '0123456789abcdef'

function writeByte(out: TextBuffer, byte: number): void {
  out.byte(DIGITS.charCodeAt(byte >> 4))
  out.byte(DIGITS.charCodeAt(byte & 15))
}

const writeBase64: Write = (out, memory, start, end) => {
  out.text(Buffer.from(memory.buffer, memory.byteOffset + start, end - start).toString('base64'))
}

const WRITERS: Readonly<Record<Exclude<BufferFormat, 'dots'>, Write>> = {
  ascii: writeAscii, hex: writeHex, hexascii: writeHexAscii, base64: writeBase64,
}

function isPrintable(byte: number): boolean {
  return byte >= 0x20 && byte < 0x7f
}
