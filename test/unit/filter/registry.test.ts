/** Every field there is, with every operator: compiled, or refused with a reason. */
import * as assert from 'uvu/assert'
import { fields, findField } from '../../../lib/field/registry.js'
import { FilterError } from '../../../lib/filter/error.js'
import { compileFilter } from '../../../lib/filter/filter.js'
import { LIST_OPERATORS, OPERATORS, operatorsOf } from '../../../lib/filter/operators.js'
import { test } from '../../helpers/suite.js'

const OPERANDS: Readonly<Record<string, string>> = { CHARBUF: 'open', BYTEBUF: '6162', BOOL: 'true', IPADDR: '10.0.0.1', IPNET: '10.0.0.0/8' }
const ARGUMENTS = ['', '[0]', '.name', '.open', '[1]']

test('every field with every operator', () => {
  let compiled = 0
  for (const { name, type, list } of fields()) {
    let works = false
    for (const argument of ARGUMENTS) {
      if (argument !== '' && findField(name + argument) !== undefined) continue // another field
      for (const operator of OPERATORS) {
        const value = OPERANDS[type] ?? '1'
        const operand = operator === 'exists' ? '' : LIST_OPERATORS.has(operator) ? `(${value})` : value
        const filter = `${name}${argument} ${operator} ${operand}`
        try {
          compileFilter(filter)
          works = true
          compiled++
          if (type !== 'DYN' && !list) assert.ok(operatorsOf(type).includes(operator), filter)
        } catch (error) {
          assert.instance(error, FilterError, `${filter}: ${String(error)}`)
        }
      }
    }
    assert.ok(works, `${name} cannot be used in a filter`)
  }
  assert.ok(compiled > 1000, `${compiled}`)
}, { timeoutMs: 60_000 })
