/** Posts what arrives in its queue, opened with the options that are its data. */
import { parentPort } from 'node:worker_threads'
import { data, queue, type QueueOptions } from '../../../lib/worker.js'
import { arrivals } from './arrivals.js'

parentPort!.postMessage(await arrivals(await queue(data<QueueOptions>())))
