import type { FormatName } from '../export/format.js'
import type { Framing } from '../export/framing.js'
import { pcap } from '../export/pcap.js'
import { pcapng, type PcapngOptions } from '../export/pcapng.js'
import { gzipped, scap } from '../export/scap.js'
import type { Capture } from '../iface/capture.js'

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
  switch (format) {
    case 'pcapng': return pcapng({ framing })(capture)
    case 'pcap': return pcap({ framing: framing as Framing | undefined })(capture)
    case 'scap': return scap()(capture)
  }
}
