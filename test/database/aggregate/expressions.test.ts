import { Binary, Decimal128, Long, ObjectId, Timestamp } from 'bson'
import { describe, expect, test } from 'vitest'
import { aggregate, codeOf, comparable, evaluate, NOW } from './support.ts'

/** Expression operators by family, values and error codes; null and missing have their own table. */

type Row = [name: string, expression: unknown, result: unknown, doc?: Record<string, unknown>]
type Refusal = [name: string, expression: unknown, code: number]

const decimal = (text: string) => Decimal128.fromString(text)

const VALUES: Record<string, Row[]> = {
  arithmetic: [
    ['$add compensates doubles', { $add: [0.1, 0.2, 0.3] }, 0.6],
    ['$add int to long', { $add: [2147483647, 1] }, Long.fromNumber(2147483648)],
    ['$add long', { $add: [Long.fromString('9007199254740993'), 1] }, Long.fromString('9007199254740994')],
    ['$add decimal', { $add: [decimal('0.1'), decimal('0.2')] }, decimal('0.3')],
    ['$add nothing', { $add: [] }, 0],
    ['$add date and ms', { $add: [new Date(0), 1500, 1] }, new Date(1501)],
    ['$add rounds ms', { $add: [new Date(0), 1.6] }, new Date(2)],
    ['$subtract dates', { $subtract: [new Date(5000), new Date(2000)] }, 3000],
    ['$subtract dates, long', { $subtract: [new Date(1e13), new Date(0)] }, Long.fromNumber(1e13)],
    ['$subtract ms', { $subtract: [new Date(5000), 1000] }, new Date(4000)],
    ['$multiply none', { $multiply: [] }, 1],
    ['$multiply int overflow', { $multiply: [65536, 65536] }, Long.fromNumber(4294967296)],
    ['$divide ints', { $divide: [7, 2] }, 3.5],
    ['$divide decimal', { $divide: [decimal('1'), 8] }, decimal('0.125')],
    ['$mod keeps the sign', { $mod: [-7, 3] }, -1],
    ['$mod double', { $mod: [7.5, 2] }, 1.5],
    ['$abs', { $abs: -3.5 }, 3.5],
    ['$abs of the smallest int', { $abs: -2147483648 }, Long.fromNumber(2147483648)],
    ['$abs decimal', { $abs: decimal('-1.50') }, decimal('1.50')],
    ['$ceil', { $ceil: -1.5 }, -1],
    ['$floor', { $floor: -1.5 }, -2],
    ['$round half to even', { $round: [2.5] }, 2],
    ['$round half to even, up', { $round: 3.5 }, 4],
    ['$round to hundreds', { $round: [1250, -2] }, 1200],
    ['$round decimal', { $round: [decimal('2.345'), 2] }, decimal('2.34')],
    ['$trunc place', { $trunc: [-3.75, 1] }, -3.7],
    ['$trunc tens', { $trunc: [129, -1] }, 120],
    ['$sqrt', { $sqrt: [9] }, 3],
    ['$pow ints', { $pow: [2, 10] }, 1024],
    ['$pow to long', { $pow: [2, 40] }, Long.fromNumber(2 ** 40)],
    ['$pow beyond long', { $pow: [10, 30] }, 1e30],
    ['$pow negative exponent', { $pow: [2, -1] }, 0.5],
    ['$pow decimal', { $pow: [decimal('1.1'), 2] }, decimal('1.21')],
    ['$exp', { $exp: 0 }, 1],
    ['$ln', { $ln: 1 }, 0],
    ['$log base 10', { $log: [1000, 10] }, 3],
    ['$log base 2', { $log: [8, 2] }, 3],
    ['$log10', { $log10: 1000 }, 3],
    ['$bitAnd', { $bitAnd: [12, 10] }, 8],
    ['$bitOr long', { $bitOr: [1, Long.fromNumber(2)] }, Long.fromNumber(3)],
    ['$bitXor none', { $bitXor: [] }, 0],
    ['$bitNot', { $bitNot: 5 }, -6],
    ['$sin', { $sin: 0 }, 0],
    ['$atan2', { $atan2: [1, 1] }, Math.PI / 4],
    ['$degreesToRadians', { $degreesToRadians: 180 }, Math.PI],
    ['$isNumber', { $isNumber: decimal('1') }, true],
  ],
  strings: [
    ['$concat', { $concat: ['a', '-', 'b'] }, 'a-b'],
    ['$split', { $split: ['a,b,', ','] }, ['a', 'b', '']],
    ['$split absent', { $split: ['abc', '-'] }, ['abc']],
    ['$toUpper is ASCII', { $toUpper: 'straße é' }, 'STRAßE é'],
    ['$toLower number', { $toLower: 12.5 }, '12.5'],
    ['$strLenCP', { $strLenCP: '山水😀' }, 3],
    ['$strLenBytes', { $strLenBytes: '山水😀' }, 10],
    ['$substrCP', { $substrCP: ['山水😀a', 2, 1] }, '😀'],
    ['$substrCP negative start', { $substrCP: ['abc', -1, 2] }, ''],
    ['$substrBytes', { $substrBytes: ['山水', 3, 3] }, '水'],
    ['$substrBytes to the end', { $substrBytes: ['hello', 2, -1] }, 'llo'],
    ['$substr of a date', { $substr: [new Date(0), 0, 4] }, '1970'],
    ['$indexOfCP', { $indexOfCP: ['😀bar', 'bar'] }, 1],
    ['$indexOfBytes', { $indexOfBytes: ['😀bar', 'bar'] }, 4],
    ['$indexOfCP before', { $indexOfCP: ['vanilla', 'l', 0, 4] }, -1],
    ['$indexOfCP up to', { $indexOfCP: ['vanilla', 'l', 0, 5] }, 4],
    ['$indexOfBytes of nothing', { $indexOfBytes: ['abc', ''] }, 0],
    ['$strcasecmp', { $strcasecmp: ['abc', 'ABD'] }, -1],
    ['$trim', { $trim: { input: ' \t\u00a0x \n' } }, 'x'],
    ['$trim chars', { $trim: { input: 'xy-mid-yx', chars: 'xy' } }, '-mid-'],
    ['$ltrim', { $ltrim: { input: '  a ' } }, 'a '],
    ['$rtrim', { $rtrim: { input: ' a  ' } }, ' a'],
    ['$replaceOne', { $replaceOne: { input: 'a.a', find: 'a', replacement: { $literal: '$&' } } }, '$&.a'],
    ['$replaceAll', { $replaceAll: { input: 'a.a', find: 'a', replacement: 'b' } }, 'b.b'],
    ['$regexMatch options', { $regexMatch: { input: 'ABC', regex: '^ab', options: 'i' } }, true],
    ['$regexMatch regex', { $regexMatch: { input: 'ABC', regex: /^ab/i } }, true],
    [
      '$regexFind counts code points',
      { $regexFind: { input: '😀abc', regex: 'b(x)?' } },
      { match: 'b', idx: 2, captures: [null] },
    ],
    [
      '$regexFindAll',
      { $regexFindAll: { input: '😀a1😀b2', regex: '([a-z])\\d' } },
      [
        { match: 'a1', idx: 1, captures: ['a'] },
        { match: 'b2', idx: 4, captures: ['b'] },
      ],
    ],
    [
      '$regexFindAll stops at the end',
      { $regexFindAll: { input: 'ab', regex: 'x?' } },
      [
        { match: '', idx: 0, captures: [] },
        { match: '', idx: 1, captures: [] },
      ],
    ],
  ],
  arrays: [
    ['$arrayElemAt beyond', { $arrayElemAt: [[1], 5] }, undefined],
    ['$arrayElemAt from the end', { $arrayElemAt: [[1, 2], -2] }, 1],
    ['$first of empty', { $first: [[]] }, undefined],
    ['$last', { $last: [[1, 2]] }, 2],
    [
      '$arrayToObject pairs',
      {
        $arrayToObject: [
          [
            ['a', 1],
            ['a', 2],
          ],
        ],
      },
      { a: 2 },
    ],
    ['$arrayToObject kv', { $arrayToObject: [[{ k: 'a', v: 1 }]] }, { a: 1 }],
    [
      '$objectToArray',
      { $objectToArray: { a: 1, b: 2 } },
      [
        { k: 'a', v: 1 },
        { k: 'b', v: 2 },
      ],
    ],
    ['$concatArrays keeps inner lists', { $concatArrays: [[[1]], [2]] }, [[1], 2]],
    ['$in', { $in: [2, [1, 2]] }, true],
    ['$in finds lists', { $in: [[1], [[1]]] }, true],
    ['$indexOfArray', { $indexOfArray: [['a', 'b', 'a'], 'a', 1] }, 2],
    ['$isArray of a list argument', { $isArray: [[1]] }, true],
    ['$range', { $range: [0, 10, 3] }, [0, 3, 6, 9]],
    ['$range down', { $range: [5, 0, -2] }, [5, 3, 1]],
    ['$range nowhere', { $range: [0, 5, -1] }, []],
    ['$reverseArray', { $reverseArray: [[1, 2]] }, [2, 1]],
    ['$slice last', { $slice: [[1, 2, 3], -2] }, [2, 3]],
    ['$slice none', { $slice: [[1, 2, 3], 0] }, []],
    ['$slice place', { $slice: [[1, 2, 3], -2, 1] }, [2]],
    ['$slice before the beginning', { $slice: [[1, 2, 3], -9, 2] }, [1, 2]],
    ['$slice beyond', { $slice: [[1, 2, 3], 9, 2] }, []],
    ['$filter', { $filter: { input: [1, 2, 3], as: 'n', cond: { $gt: ['$$n', 1] }, limit: 1 } }, [2]],
    ['$map', { $map: { input: [1, 2], as: 'n', in: { $add: ['$$n', 1] } } }, [2, 3]],
    [
      '$map in $map',
      {
        $map: {
          input: [1, 2],
          as: 'a',
          in: { $map: { input: [10], as: 'b', in: { $add: ['$$a', '$$b'] } } },
        },
      },
      [[11], [12]],
    ],
    [
      '$reduce',
      { $reduce: { input: ['a', 'b'], initialValue: '', in: { $concat: ['$$value', '$$this'] } } },
      'ab',
    ],
    ['$sortArray values', { $sortArray: { input: [3, 'a', 1], sortBy: -1 } }, ['a', 3, 1]],
    [
      '$sortArray fields',
      { $sortArray: { input: [{ a: 2 }, { a: 1 }, 5], sortBy: { a: 1 } } },
      [5, { a: 1 }, { a: 2 }],
    ],
    ['$zip', { $zip: { inputs: [[1, 2], ['a']] } }, [[1, 'a']]],
    [
      '$zip longest',
      { $zip: { inputs: [[1, 2], ['a']], useLongestLength: true } },
      [
        [1, 'a'],
        [2, null],
      ],
    ],
    ['$firstN', { $firstN: { input: [1, 2, 3], n: 2 } }, [1, 2]],
    ['$lastN', { $lastN: { input: [1, 2, 3], n: 2 } }, [2, 3]],
    ['$maxN', { $maxN: { input: [1, null, 3, 2], n: 2 } }, [3, 2]],
    ['$minN', { $minN: { input: [3, 1, 2], n: 9 } }, [1, 2, 3]],
    ['path over arrays', '$l.b', [1, [2]], { l: [{ b: 1 }, { c: 1 }, { b: [2] }, 5] }],
    ['path into nested arrays', '$l.b', [], { l: [[{ b: 1 }]] }],
    ['path is no index', '$l.0', [], { l: [1] }],
  ],
  logic: [
    ['$and of nothing', { $and: [] }, true],
    ['$or of nothing', { $or: [] }, false],
    ['$and truth', { $and: ['', [], Number.NaN, 1] }, true],
    ['$not zero', { $not: [0] }, true],
    ['$not decimal zero', { $not: [decimal('0.0')] }, true],
    ['$not long zero', { $not: [Long.ZERO] }, true],
    ['$cmp across types', { $cmp: ['a', 1] }, 1],
    ['$eq of long', { $eq: [Long.fromNumber(5), 5] }, true],
    [
      '$eq of documents in order',
      {
        $eq: [
          { a: 1, b: 2 },
          { b: 2, a: 1 },
        ],
      },
      false,
    ],
    [
      '$gt of arrays',
      {
        $gt: [
          [1, 3],
          [1, 2, 9],
        ],
      },
      true,
    ],
    ['$cond list', { $cond: [true, 1, 2] }, 1],
    // biome-ignore lint/suspicious/noThenProperty: a member of the operator
    ['$cond members', { $cond: { if: false, then: 1, else: 2 } }, 2],
    ['$ifNull several', { $ifNull: [null, '$x', 3] }, 3],
    [
      '$switch',
      {
        $switch: {
          branches: [
            // biome-ignore lint/suspicious/noThenProperty: a member of the operator
            { case: { $gt: ['$a', 250] }, then: 1 },
            // biome-ignore lint/suspicious/noThenProperty: a member of the operator
            { case: { $gt: ['$a', 150] }, then: 2 },
          ],
          default: 3,
        },
      },
      2,
      { a: 200 },
    ],
    ['branches are lazy', { $cond: ['$a', 1, { $divide: [1, '$z'] }] }, 1, { a: true, z: 0 }],
  ],
  sets: [
    [
      '$setUnion',
      {
        $setUnion: [
          [2, 1],
          [3, 1],
        ],
      },
      [1, 2, 3],
    ],
    [
      '$setIntersection',
      {
        $setIntersection: [
          ['c', 'a', 'b'],
          ['b', 'c'],
        ],
      },
      ['b', 'c'],
    ],
    ['$setDifference keeps order', { $setDifference: [[3, 1, 3, 2], [1]] }, [3, 2]],
    [
      '$setEquals',
      {
        $setEquals: [
          [1, 2, 1],
          [2, 1],
        ],
      },
      true,
    ],
    [
      '$setIsSubset',
      {
        $setIsSubset: [
          [1, 1],
          [1, 2],
        ],
      },
      true,
    ],
    [
      'numbers of all kinds',
      {
        $setEquals: [
          [1, decimal('2')],
          [Long.fromNumber(1), 2],
        ],
      },
      true,
    ],
    ['documents in order', { $setIntersection: [[{ a: 1, b: 2 }], [{ b: 2, a: 1 }]] }, []],
    ['$allElementsTrue', { $allElementsTrue: [[1, '', true]] }, true],
    ['$anyElementTrue', { $anyElementTrue: [[0, null, false]] }, false],
  ],
  objects: [
    ['$mergeObjects', { $mergeObjects: ['$a', { y: 2 }, null] }, { x: 1, y: 2 }, { a: { x: 1, y: 1 } }],
    ['$mergeObjects of a list', { $mergeObjects: '$l' }, { a: 2, b: 1 }, { l: [{ a: 1 }, { b: 1, a: 2 }] }],
    ['$getField with a dot', { $getField: 'a.b' }, 1, { 'a.b': 1 }],
    ['$getField with a dollar', { $getField: { $literal: '$p' } }, 9, { $p: 9 }],
    ['$getField of a number', { $getField: { field: 'a', input: 5 } }, undefined],
    ['$setField', { $setField: { field: 'a.b', input: { x: 1 }, value: 2 } }, { x: 1, 'a.b': 2 }],
    ['$setField removes', { $setField: { field: 'x', input: { x: 1, y: 2 }, value: '$$REMOVE' } }, { y: 2 }],
    ['$unsetField', { $unsetField: { field: 'x', input: { x: 1, y: 2 } } }, { y: 2 }],
    ['$literal', { $literal: { $add: ['$x', 1] } }, { $add: ['$x', 1] }],
    ['$let', { $let: { vars: { a: 1, b: '$x' }, in: { $add: ['$$a', '$$b'] } } }, 3, { x: 2 }],
    [
      '$let values see the outside',
      { $let: { vars: { a: 1 }, in: { $let: { vars: { a: 2, b: '$$a' }, in: ['$$a', '$$b'] } } } },
      [2, 1],
    ],
    [
      '$let CURRENT',
      { $let: { vars: { CURRENT: '$sub' }, in: ['$x', '$$ROOT.x'] } },
      [1, 9],
      { x: 9, sub: { x: 1 } },
    ],
    ['$$NOW', '$$NOW', NOW],
    ['$$ROOT path', '$$ROOT.a.b', 1, { a: { b: 1 } }],
    ['$$REMOVE in a document', { a: '$$REMOVE', b: 1 }, { b: 1 }],
    ['__proto__ is a name', { $getField: '__proto__' }, undefined, {}],
    ['$bsonSize', { $bsonSize: { x: 1 } }, 12],
    ['$binarySize of text', { $binarySize: '山' }, 3],
    ['$binarySize', { $binarySize: new Binary(Buffer.from('abc')) }, 3],
    ['$tsSecond', { $tsSecond: new Timestamp({ t: 7, i: 3 }) }, Long.fromNumber(7)],
    ['$tsIncrement', { $tsIncrement: new Timestamp({ t: 7, i: 3 }) }, Long.fromNumber(3)],
  ],
  conversion: [
    ['$toInt cuts', { $toInt: 5.9 }, 5],
    ['$toInt of text', { $toInt: '-15' }, -15],
    ['$toInt of bool', { $toInt: true }, 1],
    ['$toLong of a date', { $toLong: new Date(5) }, Long.fromNumber(5)],
    ['$toLong of text', { $toLong: '9007199254740993' }, Long.fromString('9007199254740993')],
    ['$toDouble of text', { $toDouble: '-1.5e3' }, -1500],
    ['$toDecimal of text', { $toDecimal: '1.10' }, decimal('1.10')],
    ['$toDecimal of a double', { $toDecimal: 0.1 }, decimal('0.100000000000000')],
    ['$toBool of text', { $toBool: 'false' }, true],
    ['$toBool of zero', { $toBool: 0 }, false],
    ['$toBool of a list', { $toBool: [[]] }, true],
    ['$toString of a double', { $toString: 1.5 }, '1.5'],
    ['$toString has 16 digits', { $toString: 0.30000000000000004 }, '0.3'],
    ['$toString of a long', { $toString: Long.fromString('9007199254740993') }, '9007199254740993'],
    [
      '$toString of an id',
      { $toString: new ObjectId('00000000000000000000000a') },
      '00000000000000000000000a',
    ],
    ['$toString of a date', { $toString: new Date(0) }, '1970-01-01T00:00:00.000Z'],
    ['$toDate of ms', { $toDate: 1000 }, new Date(1000)],
    ['$toDate of an id', { $toDate: new ObjectId('5e0be1000000000000000000') }, new Date(0x5e0be100 * 1000)],
    ['$toObjectId', { $toObjectId: '00000000000000000000000a' }, new ObjectId('00000000000000000000000a')],
    ['$convert onError', { $convert: { input: 'x', to: 'int', onError: -1 } }, -1],
    ['$convert by code', { $convert: { input: '7', to: 16 } }, 7],
    ['$type', { $type: [[1]] }, 'array'],
    ['$type of a double', { $type: 1.5 }, 'double'],
    ['$type of a decimal', { $type: decimal('1') }, 'decimal'],
  ],
  accumulators: [
    ['$sum over a list', { $sum: [[1, 2, 'x']] }, 3],
    ['$sum of lists among others', { $sum: [[1, 2], 4] }, 4],
    ['$avg', { $avg: [1, 2, 'x'] }, 1.5],
    ['$avg decimal', { $avg: [decimal('1'), 2] }, decimal('1.5')],
    ['$max over types', { $max: [[1, 'z', 2]] }, 'z'],
    ['$min', { $min: [3, null, 1] }, 1],
    ['$stdDevPop', { $stdDevPop: [1, 3] }, 1],
    ['$stdDevSamp of one', { $stdDevSamp: [1] }, null],
    ['$median', { $median: { input: [4, 1, 3, 2], method: 'approximate' } }, 2],
    [
      '$percentile',
      { $percentile: { input: [4, 1, 3, 2], p: [0, 0.5, 1], method: 'approximate' } },
      [1, 2, 4],
    ],
  ],
}

describe.each(Object.entries(VALUES))('%s', (_family, rows) => {
  test.each(rows)('%s', (_name, expression, result, doc) => {
    expect(comparable(evaluate(expression, doc))).toEqual(comparable(result))
  })
})

const REFUSALS: Refusal[] = [
  ['unknown operator', { $add: [{ $nope: 1 }] }, 168],
  ['unknown variable', '$$nope', 17276],
  ['two operators', { $add: [1], $subtract: [1, 2] }, 15983],
  ['empty path segment', '$a..b', 15998],
  ['path with a dollar', '$a.$b', 16410],
  ['only a dollar', '$', 16872],
  ['trailing dot', '$a.', 40353],
  ['dotted member', { a: { 'b.c': 1 } }, 16412],
  ['argument count', { $abs: [1, 2] }, 16020],
  ['argument range', { $slice: [[1]] }, 28667],
  ['$add text', { $add: [1, 'x'] }, 14],
  ['$add two dates', { $add: [new Date(0), new Date(0)] }, 16612],
  ['$subtract date from number', { $subtract: [1, new Date(0)] }, 14],
  ['$multiply text', { $multiply: [2, '0.5'] }, 14],
  ['$divide by zero', { $divide: [1, 0] }, 2],
  ['$divide by decimal zero', { $divide: [1, decimal('0')] }, 2],
  ['$mod by zero', { $mod: [1, 0] }, 16610],
  ['$abs text', { $abs: 'x' }, 28765],
  ['$sqrt negative', { $sqrt: -1 }, 28714],
  ['$ln zero', { $ln: 0 }, 28766],
  ['$log base 1', { $log: [1, 1] }, 28759],
  ['$log10 negative', { $log10: -1 }, 28761],
  ['$pow zero to negative', { $pow: [0, -1] }, 28764],
  ['$round text', { $round: 'x' }, 51081],
  ['$round place', { $round: [1, 1.5] }, 51082],
  ['$round place range', { $round: [1, 101] }, 51083],
  ['$acos', { $acos: 2 }, 50989],
  ['$bitAnd double', { $bitAnd: [1.5] }, 14],
  ['$concat number', { $concat: ['a', 1] }, 16702],
  ['$split empty', { $split: ['a', ''] }, 40087],
  ['$toLower document', { $toLower: { a: 1 } }, 16007],
  ['$substrBytes inside a character', { $substrBytes: ['山', 1, 2] }, 28656],
  ['$substrBytes cut', { $substrBytes: ['山', 0, 2] }, 28657],
  ['$indexOfCP number', { $indexOfCP: [1, 'a'] }, 40093],
  ['$indexOfCP negative', { $indexOfCP: ['a', 'a', -1] }, 40097],
  ['$trim number', { $trim: { input: 1 } }, 50699],
  ['$trim unknown', { $trim: { input: 'a', foo: 1 } }, 50694],
  ['$regexMatch options twice', { $regexMatch: { input: 'a', regex: /a/i, options: 'm' } }, 51107],
  ['$regexMatch malformed', { $regexMatch: { input: 'a', regex: '(' } }, 51111],
  ['$replaceOne number', { $replaceOne: { input: 1, find: 'a', replacement: 'b' } }, 51746],
  ['$replaceOne replacement', { $replaceOne: { input: 'a', find: 'a', replacement: 1 } }, 51744],
  ['$arrayElemAt text', { $arrayElemAt: ['x', 0] }, 28689],
  ['$arrayElemAt fraction', { $arrayElemAt: [[1], 1.5] }, 28691],
  ['$arrayToObject mixed', { $arrayToObject: [[['a', 1], { k: 'b', v: 1 }]] }, 40396],
  ['$arrayToObject pair', { $arrayToObject: [[['a']]] }, 40397],
  ['$arrayToObject key', { $arrayToObject: [[[1, 1]]] }, 40395],
  ['$objectToArray list', { $objectToArray: [[1]] }, 40390],
  ['$concatArrays text', { $concatArrays: [[1], 'x'] }, 28664],
  ['$filter text', { $filter: { input: 'x', cond: true } }, 28651],
  ['$filter limit', { $filter: { input: [1], cond: true, limit: 0 } }, 327392],
  ['$filter without cond', { $filter: { input: [1] } }, 28650],
  ['$map name', { $map: { input: [1], as: 'Foo', in: 1 } }, 16867],
  ['$map without in', { $map: { input: [1] } }, 16882],
  ['$reduce number', { $reduce: { input: 1, initialValue: 0, in: 1 } }, 40080],
  ['$range step', { $range: [0, 1, 0] }, 34449],
  ['$range too many', { $range: [0, 2147483647] }, 146],
  ['$slice third', { $slice: [[1], 0, 0] }, 28729],
  ['$zip defaults', { $zip: { inputs: [[1]], defaults: [0] } }, 34466],
  ['$zip inputs', { $zip: { inputs: [] } }, 34465],
  ['$sortArray text', { $sortArray: { input: 'x', sortBy: 1 } }, 2942504],
  ['$firstN zero', { $firstN: { input: [1], n: 0 } }, 5787908],
  ['$firstN fraction', { $firstN: { input: [1], n: 1.5 } }, 5787903],
  ['$firstN text', { $firstN: { input: 'x', n: 1 } }, 5788200],
  ['$ifNull alone', { $ifNull: ['$a'] }, 1257300],
  ['$cond without else', { $cond: { if: 1, else: 2 } }, 17081],
  [
    '$switch no match',
    {
      $switch: {
        branches: [
          {
            case: false, // biome-ignore lint/suspicious/noThenProperty: a member
            then: 1,
          },
        ],
      },
    },
    40066,
  ],
  ['$switch without branches', { $switch: { branches: [] } }, 40068],
  ['$setUnion text', { $setUnion: [[1], 'x'] }, 17043],
  ['$setEquals one', { $setEquals: [[1]] }, 17045],
  ['$mergeObjects number', { $mergeObjects: [{ a: 1 }, 5] }, 40400],
  ['$getField path', { $getField: { field: '$a', input: {} } }, 5654600],
  ['$setField number', { $setField: { field: 5, input: {}, value: 1 } }, 4161107],
  ['$let without in', { $let: { vars: {} } }, 16877],
  ['$meta', { $meta: 'textScore' }, 40218],
  ['$binarySize number', { $binarySize: 1 }, 51276],
  ['$bsonSize number', { $bsonSize: 1 }, 31393],
  ['$tsSecond date', { $tsSecond: new Date(0) }, 5687301],
  ['$toInt text', { $toInt: '1.5' }, 241],
  ['$toInt range', { $toInt: 3e9 }, 241],
  ['$toInt NaN', { $toInt: Number.NaN }, 241],
  ['$toObjectId', { $toObjectId: 'abc' }, 241],
  ['$toInt of a list', { $toInt: [[1]] }, 241],
  ['$convert type', { $convert: { input: 1, to: 'foo' } }, 2],
  ['$convert without to', { $convert: { input: 1 } }, 9],
  ['$function', { $function: { body: '', args: [], lang: 'js' } }, 31264],
  ['constants fail even where they are not reached', { $cond: [true, 1, { $divide: [1, 0] }] }, 2],
]

test.each(REFUSALS)('refused: %s', (_name, expression, code) => {
  expect(codeOf(() => evaluate(expression))).toBe(code)
})

test('$rand and $createObjectId are worked out for every document', () => {
  const numbers = [0.25, 0.5]
  const rows = aggregate(
    [{ _id: 1 }, { _id: 2 }],
    [{ $addFields: { r: { $rand: {} }, id: { $createObjectId: {} } } }],
    {
      random: () => numbers.shift() ?? 0,
    },
  )
  expect(rows.map(({ r }) => r)).toEqual([0.25, 0.5])
  expect(rows[0]!.id).not.toEqual(rows[1]!.id)
})

test('a collation reaches comparisons, sets and $in', () => {
  const collation = { locale: 'en', strength: 2 }
  expect(evaluate({ $eq: ['a', '$x'] }, { x: 'A' }, { collation })).toBe(true)
  expect(evaluate({ $in: ['a', ['$x']] }, { x: 'A' }, { collation })).toBe(true)
  expect(evaluate({ $setEquals: [['a'], ['$x']] }, { x: 'A' }, { collation })).toBe(true)
})

test('the let of a command: each sees those before it, none sees a document', () => {
  const env = { let: { a: 2, b: { $add: ['$$a', 1] } } }
  expect(evaluate(['$$a', '$$b'], {}, env)).toEqual([2, 3])
  expect(codeOf(() => evaluate('$$a', {}, { let: { a: '$x' } }))).toBe(4890500)
})
