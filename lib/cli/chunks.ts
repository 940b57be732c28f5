import type { FormatName } from '../export/format.js'
import { pcap } from '../export/pcap.js'
import { pcapng, type PcapngOptions } from '../export/pcapng.js'
import { gzipped, scap } from '../export/scap.js'
import type { Capture } from '../iface/capture.js'
import { UsageError } from './report.js'

/** The bytes of a savefile for a stream. */
export function chunksOf(
  capture: Capture,
  format: FormatName,
  framing: PcapngOptions['framing'],
  gzip: boolean,
): AsyncGenerator<Uint8Array, void, void> {
  const chunks = plain(capture, format, framing)
  return gzip ? gzipped(chunks) : chunks
}

function plain(capture: Capture, format: FormatName, framing: PcapngOptions['framing']): AsyncGenerator<Uint8Array, void, void> {
  if (format === 'pcapng') return pcapng({ framing })(capture)
  if (format === 'pcap') {
    if (framing === 'scap') throw new UsageError('pcap has no framing scap', 'use --format pcapng, or --framing ethernet')
    return pcap({ framing })(capture)
  }
  if (framing !== undefined && framing !== 'scap') throw new UsageError(`scap has no framing ${framing}`, 'leave --framing out, or use --format pcapng')
  return scap()(capture)
}
