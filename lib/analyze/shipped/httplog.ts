import { localDateTime } from '../../event/clock.js'
import { exchange, HTTP_FIELDS, HTTP_FILTER, HTTP_SNAPLEN, noRequests } from '../http.js'
import { lines } from '../lines.js'

export default lines({
  name: 'httplog',
  about: 'HTTP requests and what came of them',
  category: 'Application',
  filter: HTTP_FILTER,
  snaplen: HTTP_SNAPLEN,
  key: 'fd',
  fields: HTTP_FIELDS,
  columns: [
    { name: 'direction', title: 'Direction' }, { name: 'method', title: 'Method' }, { name: 'url', title: 'URL' }, { name: 'response_code', title: 'Code' },
    { name: 'latency', title: 'Latency', unit: 'ns' }, { name: 'size', title: 'Size', unit: 'bytes' },
  ],
  memory: noRequests,
  row(ev, fields, _args, requests) {
    const found = exchange(requests, ev, fields)
    return found && [found.direction, found.method, found.url, found.code, found.ns, found.bytes]
  },
  text([time, direction, method, url, code, ns, bytes], _paint, container) {
    const where = container === undefined ? '' : `${container.name} `
    return `${localDateTime(BigInt(time as bigint)).slice(0, -' +0000'.length)} ${where}${direction} method=${method} url=${url} response_code=${code} latency=${Math.floor(Number(ns) / 1e6)}ms size=${bytes}B`
  },
})
