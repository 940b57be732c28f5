import { stdio } from '../stdio.js'

export default stdio('stderr', 'What processes write to their standard error', 2)
