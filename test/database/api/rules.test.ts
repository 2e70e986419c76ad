import { describe, it } from 'vitest'
import { type DatabaseCase, runCase } from './case-file.ts'
import { roads } from './roads.ts'

type Rule = Omit<DatabaseCase, 'id' | 'area'>
type Json = DatabaseCase['seed'][string]

const C = "db.collection('t')"
const ids = (call: string, expected: string[]) => ({
  call: `${C}.where(${call}).get()`,
  pick: 'data[]._id',
  expect: expected,
})
const gives = (call: string, expected: unknown) => ({ call, expect: expected as never })
const fails = (call: string, code?: string, message?: string) => ({
  call,
  error: { ...(code ? { code } : {}), ...(message ? { message } : {}) },
})
const date = (iso: string) => ({ $date: iso })
const hex = '60fa6d1d2e5faa0001ade857'

/** Further rules of spec/database.md, in the format of the case file. */
const groups: Record<string, Rule[]> = {
  providers: [
    {
      title: 'aliyun: a regex never matches a 24-hex string',
      seed: {
        t: [
          { _id: '1', s: hex },
          { _id: '2', s: `x${hex}` },
        ],
      },
      steps: [ids('{s:/60fa/}', ['2'])],
    },
    {
      title: 'aliyun: comparison of ids ignores case',
      seed: { t: [{ _id: hex, a: 1 }] },
      steps: [
        gives(`${C}.doc('${hex.toUpperCase()}').get()`, { affectedDocs: 1, data: [{ _id: hex, a: 1 }] }),
      ],
    },
    {
      title: 'aliyun: 24-hex is an objectId for $type and sorts after arrays',
      seed: {
        t: [
          { _id: '1', s: hex },
          { _id: '2', s: 'zz' },
          { _id: '3', s: true },
        ],
      },
      steps: [
        ids("{s:{$type:'objectId'}}", ['1']),
        { call: `${C}.orderBy('s','asc').get()`, pick: 'data[]._id', expect: ['2', '1', '3'] },
      ],
    },
    {
      title: 'aliyun: string operators reject ids, $toString converts',
      seed: { t: [{ _id: '1', s: hex }] },
      steps: [
        fails(`${C}.aggregate().project({r:$.strLenCP('$s')}).end()`),
        { call: `${C}.aggregate().project({r:{$toString:'$s'}}).end()`, pick: 'data[0].r', expect: hex },
      ],
    },
    {
      title: 'aliyun: literal ids in expressions',
      seed: {
        t: [
          { _id: '1', s: hex },
          { _id: '2', s: 'x' },
        ],
      },
      steps: [
        {
          call: `${C}.aggregate().match(_.expr($.eq(['$s','${hex.toUpperCase()}']))).end()`,
          pick: 'data[]._id',
          expect: ['1'],
        },
        {
          call: `${C}.aggregate().project({_id:0,r:$.cond([$.eq(['$s','${hex}']),1,0])}).end()`,
          pick: 'data[].r',
          expect: [1, 0],
        },
      ],
    },
    {
      title: 'aliyun: ISO conditions compare as dates',
      seed: { t: [{ _id: '1', d: date('2022-07-01T02:50:11.142Z') }] },
      steps: [
        ids("{d:'2022-07-01T02:50:11.142Z'}", ['1']),
        ids("{d:_.gt('2021-07-01T02:50:11.142Z')}", ['1']),
        ids("{d:_.gt('2021-07-01')}", []),
      ],
    },
    {
      title: 'tencent: 24-hex strings are plain strings',
      provider: 'tencent',
      seed: { t: [{ _id: '1', s: hex.toUpperCase() }] },
      steps: [ids('{s:/60FA/}', ['1'])],
    },
    {
      title: 'tencent: reading a missing collection fails',
      provider: 'tencent',
      seed: {},
      steps: [
        fails("db.collection('n').get()", 'DATABASE_COLLECTION_NOT_EXIST', 'Db or Table not exist: n'),
        fails("db.collection('n').count()", 'DATABASE_COLLECTION_NOT_EXIST'),
        fails("db.collection('n').doc('1').get()", 'DATABASE_COLLECTION_NOT_EXIST'),
        fails("db.collection('n').doc('1').update({a:1})", 'DATABASE_COLLECTION_NOT_EXIST'),
        fails("db.collection('n').where({a:1}).update({a:1})", 'DATABASE_COLLECTION_NOT_EXIST'),
        fails("db.collection('n').doc('1').set({a:1})", 'DATABASE_COLLECTION_NOT_EXIST'),
        fails("db.collection('n').doc('1').remove()", 'DATABASE_COLLECTION_NOT_EXIST'),
        fails("db.collection('n').aggregate().match({}).end()", 'DATABASE_COLLECTION_NOT_EXIST'),
        fails("db.collection('n').where({a:1}).updateAndReturn({a:1})", 'DATABASE_COLLECTION_NOT_EXIST'),
      ],
    },
    {
      title: 'alipay: add to a missing collection fails',
      provider: 'alipay',
      seed: {},
      steps: [
        fails("db.collection('n').add({a:1})", 'DATABASE_COLLECTION_NOT_EXIST'),
        { call: "db.createCollection('n')" },
        { call: "db.collection('n').add({_id:'1'})", expect: { id: '1' } },
      ],
    },
    {
      title: 'aliyun: reading a missing collection is empty',
      seed: {},
      steps: [
        gives("db.collection('n').get()", { affectedDocs: 0, data: [] }),
        gives("db.collection('n').count()", { affectedDocs: 0, total: 0 }),
        gives("db.collection('n').doc('1').update({a:1})", { affectedDocs: 0, updated: 0 }),
        gives("db.collection('n').doc('1').remove()", { affectedDocs: 0, deleted: 0 }),
        gives("db.collection('n').aggregate().end()", { affectedDocs: 0, data: [] }),
        gives("db.collection('n').doc('1').set({a:1})", { affectedDocs: 1, updated: 0, upsertedId: '1' }),
      ],
    },
    {
      title: 'alipay: generated ids are 24-hex strings',
      provider: 'alipay',
      seed: { t: [] },
      steps: [
        { call: `${C}.add({a:1})`, expect: { id: { $matches: '^[0-9a-f]{24}$' } } },
        ids('{_id:/^[0-9a-f]{24}$/,a:1}'.replace('{', '{').toString(), [
          { $matches: '^[0-9a-f]{24}$' } as never,
        ]),
      ],
    },
    {
      title: 'tencent: shapes',
      provider: 'tencent',
      seed: { t: [{ _id: '1', a: 1 }] },
      steps: [
        gives(`${C}.count()`, { requestId: { $type: 'string' }, total: 1 }),
        gives(`${C}.doc('1').update({a:2})`, { requestId: { $type: 'string' }, updated: 1 }),
        gives(`${C}.where({a:2}).updateAndReturn({a:3})`, {
          requestId: { $type: 'string' },
          updated: 1,
          doc: { _id: '1', a: 3 },
        }),
        gives(`${C}.doc('2').set({a:1})`, { requestId: { $type: 'string' }, updated: 0, upsertedId: '2' }),
        gives(`${C}.doc('2').remove()`, { requestId: { $type: 'string' }, deleted: 1 }),
        gives(`typeof ${C}.doc('1').updateAndReturn`, 'undefined'),
        gives(`typeof ${C}.where({}).updateAndReturn`, 'function'),
      ],
    },
    {
      title: 'tencent: 20 rows of an aggregation',
      provider: 'tencent',
      seed: { t: Array.from({ length: 25 }, (_, i) => ({ _id: `k${i + 10}` })) },
      steps: [
        { call: `${C}.aggregate().match({}).end()`, pick: 'data.length', expect: 20 },
        { call: `${C}.aggregate().limit(30).end()`, pick: 'data.length', expect: 25 },
      ],
    },
    {
      title: 'aliyun: all rows of an aggregation',
      seed: { t: Array.from({ length: 125 }, (_, i) => ({ _id: `k${i + 100}` })) },
      steps: [{ call: `${C}.aggregate().match({}).end()`, pick: 'data.length', expect: 125 }],
    },
  ],
  ids: [
    {
      title: 'numbers and strings are different ids',
      seed: { t: [{ _id: 5, a: 1 }] },
      steps: [
        gives(`${C}.doc('5').get()`, { affectedDocs: 0, data: [] }),
        gives(`${C}.doc(5).get()`, { affectedDocs: 1, data: [{ _id: 5, a: 1 }] }),
      ],
    },
    {
      title: 'a null _id is replaced',
      seed: { t: [] },
      steps: [
        gives(`${C}.add({_id:null,a:1})`, { id: { $matches: '^[0-9a-f]{24}$' } }),
        gives(`${C}.add({a:1,_id:undefined})`, { id: { $matches: '^[0-9a-f]{24}$' } }),
      ],
    },
    {
      title: 'a generated _id comes first',
      seed: { t: [] },
      steps: [
        { call: `${C}.add({a:1})` },
        gives(`(async()=>Object.keys((await ${C}.get()).data[0]))()`, ['_id', 'a']),
      ],
    },
    {
      title: 'batch ids keep their order',
      seed: { t: [] },
      steps: [
        gives(`${C}.add([{_id:'b'},{_id:3},{_id:'a'}])`, { ids: ['b', 3, 'a'], inserted: 3 }),
        { call: `${C}.get()`, pick: 'data[]._id', expect: ['b', 3, 'a'] },
      ],
    },
  ],
  values: [
    {
      title: 'class instances, buffers, bigints, arrays with holes',
      seed: { t: [] },
      steps: [
        {
          call: `${C}.add({_id:'1',c:new (class A{constructor(){this.x=1}get y(){return 2}})(),b:Buffer.from('ab'),n:10n,l:[undefined,()=>1,1],o:Object.create(null)})`,
        },
        gives(
          `(async()=>{const d=(await ${C}.get()).data[0];return {...d,b:[Buffer.isBuffer(d.b),d.b.toString()]}})()`,
          { _id: '1', c: { x: 1 }, b: [true, 'ab'], n: 10, l: [null, null, 1], o: {} },
        ),
      ],
    },
    {
      title: 'number kinds',
      seed: { t: [] },
      steps: [
        {
          call: `${C}.add([{_id:'int',n:2147483647},{_id:'long',n:2147483648},{_id:'double',n:1.5},{_id:'big',n:1e300},{_id:'nan',n:NaN}])`,
        },
        ids("{n:{$type:'int'}}", ['int']),
        ids("{n:{$type:'long'}}", ['long']),
        ids("{n:{$type:'double'}}", ['double', 'big', 'nan']),
        ids("{n:{$type:'number'}}", ['int', 'long', 'double', 'big', 'nan']),
        ids('{n:_.gt(2147483646).lt(1e13)}', ['int', 'long']),
        { call: `${C}.doc('long').get()`, pick: 'data[0].n', expect: 2147483648 },
      ],
    },
    {
      title: 'invalid values',
      seed: { t: [] },
      steps: [
        fails(`${C}.add({d:new Date('x')})`, 'INVALID_PARAM'),
        fails(`${C}.add({n:2n**70n})`),
        fails(`${C}.add(null)`, 'INVALID_PARAM'),
        fails(`${C}.add([1])`, 'INVALID_PARAM'),
      ],
      after: { t: [] },
    },
    {
      title: 'RegExp is stored and returned',
      seed: { t: [] },
      steps: [
        { call: `${C}.add({_id:'1',r:/a.b/i,s:new db.RegExp({regexp:'^x',options:'m'})})` },
        gives(
          `(async()=>{const d=(await ${C}.get()).data[0];return [d.r instanceof RegExp,String(d.r),String(d.s)]})()`,
          [true, '/a.b/i', '/^x/m'],
        ),
      ],
    },
    {
      title: 'names like prototype parts',
      seed: { t: [] },
      steps: [
        { call: `${C}.add(JSON.parse('{"_id":"1","__proto__":{"x":1},"constructor":2,"toString":"s"}'))` },
        gives(
          `(async()=>{const d=(await ${C}.get()).data[0];return [Object.keys(d).sort(),d.constructor,({}).x===undefined]})()`,
          [['__proto__', '_id', 'constructor', 'toString'], 2, true],
        ),
        ids("{constructor:2,toString:'s'}", ['1']),
        {
          call: `${C}.doc('1').update(JSON.parse('{"__proto__":{"y":2},"constructor":3}'))`,
          pick: 'updated',
          expect: 1,
        },
        gives(
          `(async()=>{const d=(await ${C}.get()).data[0];return [Object.getOwnPropertyDescriptor(d,'__proto__').value,d.constructor]})()`,
          [{ x: 1, y: 2 }, 3],
        ),
      ],
    },
    {
      title: 'names with dots are stored literally',
      seed: { t: [] },
      steps: [
        { call: `${C}.add({_id:'1','a.b':1})` },
        { call: `${C}.get()`, pick: 'data', expect: [{ _id: '1', 'a.b': 1 }] },
        ids("{'a.b':1}", []),
      ],
    },
    {
      title: 'dollar names',
      seed: { t: [{ _id: '1', a: 1 }] },
      steps: [
        fails(`${C}.add({$a:1})`, undefined, "The dollar \\(\\$\\) prefixed field '\\$a'"),
        fails(`${C}.add({l:[{$a:1}]})`, undefined, '\\$a'),
        fails(`${C}.doc('1').update({a:{$gt:1}})`, undefined, '\\$'),
        fails(`${C}.doc('1').set({$set:{a:1}})`, undefined, '\\$'),
      ],
      after: { t: [{ _id: '1', a: 1 }] },
    },
    {
      title: 'arguments are not kept',
      seed: { t: [] },
      steps: [
        gives(
          `(async()=>{const o={_id:'1',l:[{x:1}]};await ${C}.add(o);o.l[0].x=2;const u={y:[1]};await ${C}.doc('1').update(u);u.y.push(2);return [o._id,(await ${C}.get()).data]})()`,
          ['1', [{ _id: '1', l: [{ x: 1 }], y: [1] }]],
        ),
        gives(`(async()=>{const o={a:1};await ${C}.add(o);return Object.keys(o)})()`, ['a']),
      ],
    },
    {
      title: 'too large and too deep',
      seed: { t: [] },
      steps: [
        fails(
          `${C}.add({a:'x'.repeat(17*1024*1024)})`,
          undefined,
          'object to insert too large. size in bytes: \\d+, max size: 16777216',
        ),
        fails(`(()=>{let o={};for(let i=0;i<150;i++)o={o};return ${C}.add(o)})()`),
      ],
      after: { t: [] },
    },
  ],
  conditions: [
    {
      title: 'raw and flattened at one path',
      seed: {
        t: [
          { _id: '1', a: { b: 2 } },
          { _id: '2', a: 5 },
        ],
      },
      steps: [ids('{a:{$exists:true,b:2}}', ['1'])],
    },
    {
      title: 'raw root logic',
      seed: { t: [{ _id: '1', a: { b: 1 } }, { _id: '2', c: 5 }, { _id: '3' }] },
      steps: [ids('{$or:[{a:{b:1}},{c:_.gt(4)}]}', ['1', '2']), ids('{$nor:[{a:{b:1}},{c:_.gt(4)}]}', ['3'])],
    },
    {
      title: 'or with an empty object inside a field',
      seed: {
        t: [
          { _id: '1', a: {} },
          { _id: '2', a: { x: 1 } },
        ],
      },
      steps: [ids('{a:_.eq({})}', ['1'])],
    },
    {
      title: 'elemMatch with or on scalars',
      seed: {
        t: [
          { _id: '1', a: [5] },
          { _id: '2', a: [1, 9] },
          { _id: '3', a: [9] },
        ],
      },
      steps: [ids('{a:_.elemMatch(_.lt(2).or(_.eq(5)))}', ['1', '2'])],
    },
    {
      title: 'elemMatch with undefined members',
      seed: {
        t: [
          { _id: '1', a: [{ b: 1 }] },
          { _id: '2', a: [] },
        ],
      },
      steps: [ids('{a:_.elemMatch({b:1,c:undefined})}', ['1'])],
    },
    {
      title: 'in with regexes and null',
      seed: { t: [{ _id: '1', a: 'abc' }, { _id: '2' }, { _id: '3', a: 'x' }] },
      steps: [ids('{a:_.in([/^a/,null])}', ['1', '2'])],
    },
    {
      title: 'not with a RegExp',
      seed: { t: [{ _id: '1', a: 'abc' }, { _id: '2' }, { _id: '3', a: 'x' }] },
      steps: [ids('{a:_.not(/^a/)}', ['2', '3'])],
    },
    {
      title: 'inline flags and x',
      seed: {
        t: [
          { _id: '1', a: 'ABC' },
          { _id: '2', a: 'x' },
        ],
      },
      steps: [
        ids("{a:{$regex:'(?i)^ab'}}", ['1']),
        ids("{a:new db.RegExp({regexp:'(?i)^ab'})}", ['1']),
        ids("{a:{$regex:'^A B',$options:'x'}}", ['1']),
      ],
    },
    {
      title: 'unknown operators',
      seed: { t: [{ _id: '1', a: 1 }] },
      steps: [
        fails(`${C}.where({a:{$foo:1}}).get()`, 'DATABASE_INVALID_OPERRATOR', '\\$foo'),
        fails(`${C}.where({$foo:1}).get()`, 'DATABASE_INVALID_OPERRATOR', '\\$foo'),
        fails(`${C}.doc('1').update({$foo:{a:1}})`, 'DATABASE_INVALID_OPERRATOR', '\\$foo'),
        fails(`${C}.aggregate().project({x:{$foo:1}}).end()`, 'DATABASE_INVALID_OPERRATOR', '\\$foo'),
        fails(`${C}.aggregate().group({_id:null,x:{$foo:1}}).end()`, 'DATABASE_INVALID_OPERRATOR', '\\$foo'),
        fails(`${C}.aggregate().addFields({x:{$foo:1}}).end()`, 'DATABASE_INVALID_OPERRATOR', '\\$foo'),
        fails(
          `${C}.aggregate().lookup({from:'t',let:{},pipeline:[{$foo:1}],as:'x'}).end()`,
          'DATABASE_INVALID_OPERRATOR',
          '\\$foo',
        ),
        fails(`${C}.where(_.expr({$foo:1})).get()`, 'DATABASE_INVALID_OPERRATOR', '\\$foo'),
      ],
    },
    {
      title: 'wrong operands',
      seed: { t: [{ _id: '1', a: 1 }] },
      steps: [
        fails(`${C}.where({a:_.nin('x')}).get()`, 'INVALID_PARAM'),
        fails(`${C}.where({a:_.all('x')}).get()`, 'INVALID_PARAM'),
        fails(`${C}.where({a:_.size(-1)}).get()`),
        fails(`${C}.where({a:_.size(1.5)}).get()`),
        fails(`${C}.where({a:_.mod([0,1])}).get()`),
        fails(`${C}.where({a:{$in:1}}).get()`),
        fails(`${C}.where(_.gt(1)).get()`, undefined, 'unset field name'),
        fails(`${C}.where(null).get()`, 'INVALID_PARAM'),
        fails(`${C}.where([{a:1}]).get()`, 'INVALID_PARAM'),
      ],
    },
    {
      title: 'clauses of several ors and a plain member',
      seed: {
        t: [
          { _id: '1', a: 1, b: 1, c: 1 },
          { _id: '2', a: 1, b: 1, c: 2 },
          { _id: '3', a: 1, b: 3, c: 1 },
        ],
      },
      steps: [ids('{c:1,a:_.or(1,2),b:_.or(1,2)}', ['1']), ids('{c:1,$or:[{a:1}],b:_.or(1,2)}', ['1'])],
    },
  ],
  reading: [
    {
      title: 'count ignores skip and limit',
      seed: { t: [{ _id: '1' }, { _id: '2' }] },
      steps: [{ call: `${C}.skip(1).limit(1).count()`, pick: 'total', expect: 2 }],
    },
    {
      title: 'field values',
      seed: { t: [{ _id: '1', a: 1, b: 2, c: { d: 1, e: 2 } }] },
      steps: [
        { call: `${C}.field({a:2}).get()`, pick: 'data', expect: [{ _id: '1', a: 1 }] },
        { call: `${C}.field({a:0}).get()`, pick: 'data', expect: [{ _id: '1', b: 2, c: { d: 1, e: 2 } }] },
        {
          call: `${C}.field({'c.d':false}).get()`,
          pick: 'data',
          expect: [{ _id: '1', a: 1, b: 2, c: { e: 2 } }],
        },
        { call: `${C}.field({}).get()`, pick: 'data[0].a', expect: 1 },
        { call: `${C}.field('a').get()`, pick: 'data[0].b', expect: 2 },
        { call: `${C}.field({zz:true}).get()`, pick: 'data', expect: [{ _id: '1' }] },
        { call: `${C}.doc('1').field({a:true,_id:false}).get()`, pick: 'data', expect: [{ a: 1 }] },
        { call: `${C}.field({_id:true}).get()`, pick: 'data', expect: [{ _id: '1' }] },
      ],
    },
    {
      title: 'field slice forms',
      seed: { t: [{ _id: '1', a: [1, 2, 3, 4], b: 2 }] },
      steps: [
        {
          call: `${C}.field({a:_.project.slice(2)}).get()`,
          pick: 'data',
          expect: [{ _id: '1', a: [1, 2], b: 2 }],
        },
        { call: `${C}.field({a:_.project.slice([1,2])}).get()`, pick: 'data[0].a', expect: [2, 3] },
        { call: `${C}.field({a:_.project.elemMatch(_.gt(9))}).get()`, pick: 'data', expect: [{ _id: '1' }] },
      ],
    },
    {
      title: 'exclusion in arrays keeps scalars',
      seed: { t: [{ _id: '1', e: [{ f: 1, g: 2 }, { f: 3 }, 5] }] },
      steps: [
        {
          call: `${C}.field({'e.f':false}).get()`,
          pick: 'data',
          expect: [{ _id: '1', e: [{ g: 2 }, {}, 5] }],
        },
      ],
    },
    {
      title: 'ties keep insertion order',
      seed: {
        t: [
          { _id: 'b', a: 1 },
          { _id: 'a', a: 1 },
          { _id: 'c', a: 0 },
        ],
      },
      steps: [
        { call: `${C}.orderBy('a','asc').get()`, pick: 'data[]._id', expect: ['c', 'b', 'a'] },
        { call: `${C}.orderBy('a','desc').get()`, pick: 'data[]._id', expect: ['b', 'a', 'c'] },
      ],
    },
    {
      title: 'strings by UTF-8 bytes',
      seed: {
        t: [
          { _id: '1', a: '\u{1F600}' },
          { _id: '2', a: '\uFF5E' },
          { _id: '3', a: 'a' },
          { _id: '4', a: 'Z' },
        ],
      },
      steps: [{ call: `${C}.orderBy('a','asc').get()`, pick: 'data[]._id', expect: ['4', '3', '2', '1'] }],
    },
    {
      title: 'limit above 1000 is clamped',
      seed: { t: [] },
      steps: [
        { call: `${C}.add(Array.from({length:1003},(_,i)=>({i})))`, pick: 'inserted', expect: 1003 },
        { call: `${C}.limit(5000).get()`, pick: 'data.length', expect: 1000 },
        fails(`${C}.limit(1.5).get()`, 'INVALID_PARAM', 'must be integer'),
        fails(`${C}.limit(-1).get()`, undefined, 'must be integer'),
        fails(`${C}.skip('1').get()`, undefined, 'must be integer'),
      ],
    },
    {
      title: 'no watch and no storage calls',
      seed: { t: [] },
      steps: [
        gives(`[typeof ${C}.watch, typeof db.getTempFileURL, typeof ${C}.set]`, [
          'undefined',
          'undefined',
          'undefined',
        ]),
      ],
    },
  ],
  writing: [
    {
      title: 'updateAndReturn: order, field, no change',
      seed: {
        t: [
          { _id: '1', a: 1, o: 1 },
          { _id: '2', a: 1, o: 2 },
        ],
      },
      steps: [
        gives(`${C}.where({a:1}).orderBy('o','desc').updateAndReturn({b:1})`, {
          updated: 1,
          doc: { _id: '2', a: 1, o: 2, b: 1 },
        }),
        gives(`${C}.doc('1').updateAndReturn({a:1})`, { updated: 1, doc: { _id: '1', a: 1, o: 1 } }),
        fails(`${C}.where({a:1}).field({a:1}).updateAndReturn({b:1})`),
        fails(`${C}.updateAndReturn({b:1})`, undefined, 'query'),
        fails(`${C}.where({a:1}).updateAndReturn({_id:'x'})`, 'INVALID_PARAM', '_id'),
        gives(`${C}.doc('1').updateAndReturn({})`, { updated: 1, doc: { _id: '1', a: 1, o: 1 } }),
      ],
    },
    {
      title: 'update({}) and update of undefined only',
      seed: { t: [{ _id: '1', a: 1 }] },
      steps: [
        gives(`${C}.doc('1').update({})`, { affectedDocs: 0, updated: 0 }),
        gives(`${C}.where({a:1}).update({b:undefined})`, { affectedDocs: 0, updated: 0 }),
        fails(`${C}.doc('1').update([1])`, 'INVALID_PARAM'),
        fails(`${C}.doc('1').set()`, 'INVALID_PARAM'),
      ],
    },
    {
      title: 'rename overwrites, missing source is nothing',
      seed: { t: [{ _id: '1', a: 1, b: 2 }] },
      steps: [
        { call: `${C}.doc('1').update({a:_.rename('b')})`, pick: 'updated', expect: 1 },
        { call: `${C}.doc('1').update({zz:_.rename('b')})`, pick: 'updated', expect: 0 },
        fails(`${C}.doc('1').update({b:_.rename('b')})`),
      ],
      after: { t: [{ _id: '1', b: 1 }] },
    },
    {
      title: 'numeric path of a missing parent; index past the end',
      seed: { t: [{ _id: '1', l: [1] }] },
      steps: [{ call: `${C}.doc('1').update({'a.1':5,'l.3':9})`, pick: 'updated', expect: 1 }],
      after: { t: [{ _id: '1', l: [1, null, null, 9], a: { 1: 5 } }] },
    },
    {
      title: 'min and max by type order',
      seed: { t: [{ _id: '1', a: 5, b: 'x', c: null }] },
      steps: [
        { call: `${C}.doc('1').update({a:_.max('s'),b:_.min(3),c:_.max(0)})`, pick: 'updated', expect: 1 },
      ],
      after: { t: [{ _id: '1', a: 's', b: 3, c: 0 }] },
    },
    {
      title: 'inc and mul with wrong operands',
      seed: { t: [{ _id: '1', a: 5 }] },
      steps: [
        fails(`${C}.doc('1').update({a:_.inc('1')})`, undefined, 'non-numeric'),
        fails(`${C}.doc('1').update({a:_.mul('0.5')})`, undefined, 'non-numeric'),
      ],
      after: { t: [{ _id: '1', a: 5 }] },
    },
    {
      title: 'array operators on scalars and missing fields',
      seed: { t: [{ _id: '1', s: 5 }] },
      steps: [
        ...['push(1)', 'pop()', 'shift()', 'pull(1)', 'pullAll([1])', 'addToSet(1)', 'unshift(1)'].map(
          (call) => fails(`${C}.doc('1').update({s:_.${call}})`, 'DATABASE_REQUEST_FAILED', 'non-array'),
        ),
        {
          call: `${C}.doc('1').update({a:_.pop(),b:_.pull(1),c:_.pullAll([1])})`,
          pick: 'updated',
          expect: 0,
        },
        {
          call: `${C}.doc('1').update({d:_.addToSet(1),e:_.addToSet({each:[1,1,2]})})`,
          pick: 'updated',
          expect: 1,
        },
      ],
      after: { t: [{ _id: '1', s: 5, d: [1], e: [1, 2] }] },
    },
    {
      title: 'conflicts and bad paths',
      seed: { t: [{ _id: '1', a: { b: 1 } }] },
      steps: [
        fails(
          `${C}.doc('1').update({'a.b':1,a:_.set(2)})`,
          undefined,
          "Updating the path '.*' would create a conflict at 'a'",
        ),
        fails(`${C}.doc('1').update({'a..b':1})`),
        fails(`${C}.doc('1').update({'':1})`),
        fails(`${C}.doc('1').update({'a.':1})`),
        fails(`${C}.doc('1').update({'a.$[x]':1})`),
      ],
      after: { t: [{ _id: '1', a: { b: 1 } }] },
    },
    {
      title: 'an error leaves earlier documents updated',
      seed: {
        t: [
          { _id: '1', a: 1 },
          { _id: '2', a: 'x' },
          { _id: '3', a: 1 },
        ],
      },
      steps: [fails(`${C}.where({_id:_.exists(true)}).update({a:_.inc(1)})`)],
      after: {
        t: [
          { _id: '1', a: 2 },
          { _id: '2', a: 'x' },
          { _id: '3', a: 1 },
        ],
      },
    },
    {
      title: 'new members in lexicographic order; order counts as a change',
      seed: { t: [{ _id: '1', o: { x: 1, y: 2 } }] },
      steps: [
        { call: `${C}.doc('1').update({o:_.set({y:2,x:1})})`, pick: 'updated', expect: 1 },
        { call: `${C}.doc('1').update({c:1,b:2,'o.b':1,'o.a':2})` },
        gives(`(async()=>{const d=(await ${C}.get()).data[0];return [Object.keys(d),Object.keys(d.o)]})()`, [
          ['_id', 'o', 'b', 'c'],
          ['y', 'x', 'a', 'b'],
        ]),
      ],
    },
    {
      title: 'pull of objects inside and exact pullAll',
      seed: {
        t: [
          {
            _id: '1',
            a: [{ x: 1, y: 2 }, { y: 2, x: 1 }, { x: 1 }],
            b: [{ p: { q: 1, r: 2 } }, { p: { q: 2 } }],
          },
        ],
      },
      steps: [
        {
          call: `${C}.doc('1').update({a:_.pullAll([{x:1,y:2}]),b:_.pull({p:{q:1}})})`,
          pick: 'updated',
          expect: 1,
        },
      ],
      after: { t: [{ _id: '1', a: [{ y: 2, x: 1 }, { x: 1 }], b: [{ p: { q: 2 } }] }] },
    },
    {
      title: 'push modifiers',
      seed: {
        t: [
          {
            _id: '1',
            a: [1, 2, 3],
            b: [
              { n: 2, m: 1 },
              { n: 1, m: 2 },
            ],
            c: [1],
          },
        ],
      },
      steps: [
        {
          call: `${C}.doc('1').update({a:_.push({each:[9],position:-1}),b:_.push({each:[{n:1,m:1}],sort:{n:1,m:-1}}),c:_.push({each:[5],position:99})})`,
          pick: 'updated',
          expect: 1,
        },
      ],
      after: {
        t: [
          {
            _id: '1',
            a: [1, 2, 9, 3],
            b: [
              { n: 1, m: 2 },
              { n: 1, m: 1 },
              { n: 2, m: 1 },
            ],
            c: [1, 5],
          },
        ],
      },
    },
    {
      title: 'positional forms',
      seed: { t: [{ _id: '1', s: [{ g: [1, 2] }, { g: [3] }] }] },
      steps: [
        { call: `${C}.where({'s.g':3}).update({'s.$.x':1})`, pick: 'updated', expect: 1 },
        { call: `${C}.doc('1').update({'s.$[].g.$[]':_.inc(1)})`, pick: 'updated', expect: 1 },
      ],
      after: { t: [{ _id: '1', s: [{ g: [2, 3] }, { g: [4], x: 1 }] }] },
    },
    {
      title: 'serverDate in update and nested',
      seed: { t: [{ _id: '1' }] },
      steps: [
        { call: `${C}.doc('1').update({a:{b:[db.serverDate()]}})` },
        gives(`(async()=>{const d=(await ${C}.get()).data[0];return d.a.b[0] instanceof Date})()`, true),
      ],
    },
    {
      title: 'set creates with a number or 24-hex id',
      seed: { t: [] },
      steps: [
        gives(`${C}.doc(7).set({a:1})`, { affectedDocs: 1, updated: 0, upsertedId: 7 }),
        gives(`${C}.doc('${hex}').set({a:{b:1}})`, { affectedDocs: 1, updated: 0, upsertedId: hex }),
      ],
      after: {
        t: [
          { _id: hex, a: { b: 1 } },
          { _id: 7, a: 1 },
        ] as Json,
      },
    },
    {
      title: 'remove needs a condition, where({}) is one',
      seed: { t: [{ _id: '1' }, { _id: '2' }] },
      steps: [
        fails(`${C}.remove()`, 'INVALID_PARAM', 'query'),
        gives(`${C}.where({}).remove()`, { affectedDocs: 2, deleted: 2 }),
      ],
    },
  ],
  aggregation: [
    {
      title: 'negative start of substr',
      seed: { t: [{ _id: '1', s: 'abc', n: -1 }] },
      steps: [
        {
          call: `${C}.aggregate().project({_id:0,a:$.substr(['$s',-1,2]),b:$.substr(['$s','$n',2]),c:$.substrBytes(['$s',-1,2]),d:$.substr(['$s',1,-1])}).end()`,
          pick: 'data',
          expect: [{ a: '', b: '', c: '', d: 'bc' }],
        },
      ],
    },
    {
      title: 'stage errors',
      seed: { t: [{ _id: '1', a: 1 }] },
      steps: [
        fails(`${C}.aggregate().limit(0).end()`),
        fails(`${C}.aggregate().limit(-1).end()`),
        fails(`${C}.aggregate().limit('x').end()`),
        fails(`${C}.aggregate().skip(-1).end()`),
        fails(`${C}.aggregate().sort({a:'asc'}).end()`),
        fails(`${C}.aggregate().sort({}).end()`),
        fails(`${C}.aggregate().count('').end()`),
        fails(`${C}.aggregate().count('$a').end()`),
        fails(`${C}.aggregate().count('a.b').end()`),
        fails(`${C}.aggregate().sample({size:-1}).end()`),
        fails(`${C}.aggregate().sample({size:1.5}).end()`),
        fails(`${C}.aggregate().match('x').end()`),
        fails(`${C}.aggregate().unwind({path:'a'}).end()`),
        fails(`${C}.aggregate().replaceRoot({newRoot:'$a'}).end()`),
        fails('$.pipeline().end()', undefined, 'Aggregation pipeline cannot send request'),
        fails(`${C}.aggregate().group().end()`),
        fails(`${C}.aggregate().project().end()`),
      ],
    },
    {
      title: 'newer operators are refused',
      seed: { t: [{ _id: '1', a: 1 }] },
      steps: [
        ...[
          'project({x:{$round:"$a"}})',
          'project({x:{$first:"$a"}})',
          'project({x:{$dateAdd:{}}})',
          'group({_id:null,x:{$count:{}}})',
          "lookup({from:'t',let:{},pipeline:[{$set:{a:1}}],as:'x'})",
          'match(_.expr({$regexMatch:{input:"$a",regex:"x"}}))',
        ].map((call) => fails(`${C}.aggregate().${call}.end()`, 'DATABASE_INVALID_OPERRATOR')),
      ],
    },
    {
      title: 'no methods for other stages',
      seed: { t: [] },
      steps: [
        gives(
          `['facet','graphLookup','unionWith','set','out','merge','unset','redact'].filter(m=>${C}.aggregate()[m])`,
          [],
        ),
      ],
    },
    {
      title: 'sub-documents, arrays and undefined in literals',
      seed: { t: [{ _id: '1', a: 1 }] },
      steps: [
        {
          call: `${C}.aggregate().project({_id:0,l:['$a','$zz',undefined],o:{x:'$a',y:undefined,z:'$zz'}}).end()`,
          pick: 'data',
          expect: [{ l: [1, null, null], o: { x: 1 } }],
        },
      ],
    },
    {
      title: 'lookup pipelines written by hand use conditions',
      seed: {
        t: [{ _id: '1' }],
        u: [
          { _id: 'a', n: { m: 1 } },
          { _id: 'b', n: { m: 5 } },
        ],
      },
      steps: [
        {
          call: `${C}.aggregate().lookup({from:'u',let:{},pipeline:[{$match:{n:{m:_.gt(2)}}}],as:'l'}).end()`,
          pick: 'data[0].l[]._id',
          expect: ['b'],
        },
      ],
    },
    {
      title: 'pipeline().done() gives plain stages',
      seed: { t: [] },
      steps: [
        gives('$.pipeline().match({a:{b:_.gt(1)}}).project({_id:0}).done()', [
          { $match: { 'a.b': { $gt: 1 } } },
          { $project: { _id: 0 } },
        ]),
      ],
    },
    {
      title: 'geoNear extras',
      seed: {
        t: [
          { _id: '1', loc: { type: 'Point', coordinates: [0, 0] } },
          { _id: '2', loc: { type: 'Point', coordinates: [0, 1] } },
        ],
      },
      indexes: {
        t: [{ IndexName: 'loc', MgoKeySchema: { MgoIndexKeys: [{ Name: 'loc', Direction: '2dsphere' }] } }],
      },
      steps: [
        {
          call: `${C}.aggregate().geoNear({near:new db.Geo.Point(0,0),spherical:true,distanceField:'d',distanceMultiplier:0.001,includeLocs:'l',minDistance:1}).end()`,
          pick: 'data',
          expect: [
            {
              _id: '2',
              loc: { type: 'Point', coordinates: [0, 1] },
              d: { $approx: [111.318, 0.01] },
              l: { type: 'Point', coordinates: [0, 1] },
            },
          ],
        },
        {
          call: `${C}.where({loc:_.geoNear({geometry:new db.Geo.Point(0,1)})}).get()`,
          pick: 'data[]._id',
          expect: ['2', '1'],
        },
        {
          call: `${C}.where({loc:_.geoNear({geometry:new db.Geo.Point(0,1)})}).orderBy('_id','asc').get()`,
          pick: 'data[]._id',
          expect: ['1', '2'],
        },
        {
          call: `${C}.where({loc:_.geoWithin({centerSphere:[[0,0],10/6378.1]})}).get()`,
          pick: 'data[]._id',
          expect: ['1'],
        },
        {
          call: `${C}.where({loc:_.geoNear({geometry:new db.Geo.Point(0,1),maxDistance:10})}).count()`,
          pick: 'total',
          expect: 1,
        },
      ],
    },
    {
      title: 'geo errors',
      seed: { t: [] },
      steps: [
        fails('_.geoNear({geometry:{}})', undefined, '"geometry" must be of type Point'),
        fails(
          "_.geoNear({geometry:new db.Geo.Point(0,0),maxDistance:'x'})",
          undefined,
          '"maxDistance" must be of type Number',
        ),
        fails('_.geoWithin({centerSphere:[1]})', undefined, 'centersPhere结构不合法'),
        fails(
          "new db.Geo.LineString('x')",
          undefined,
          '"points" must be of type Point\\[\\]. Received type string',
        ),
        fails('new db.Geo.MultiLineString([])', undefined, 'at least'),
      ],
    },
  ],
  transactions: [
    {
      title: 'forbidden operations',
      seed: { t: [{ _id: '1', a: 1 }] },
      steps: [
        gives(
          "(async()=>{const t=await db.startTransaction();const c=t.collection('t');const r=[];for(const f of [()=>c.add([{_id:'x'}]),()=>c.where({a:1}).update({a:2}),()=>c.where({a:1}).remove()]){try{await f();r.push('ok')}catch(e){r.push(e.code)}}await t.rollback();return r})()",
          ['INVALID_PARAM', 'INVALID_PARAM', 'INVALID_PARAM'],
        ),
      ],
      after: { t: [{ _id: '1', a: 1 }] },
    },
    {
      title: 'reads see the snapshot and own writes',
      seed: { t: [{ _id: '1', a: 1 }] },
      steps: [
        gives(
          `(async()=>{const t=await db.startTransaction();const c=t.collection('t');await ${C}.add({_id:'2',a:1});await c.add({_id:'3',a:1});const r=[(await c.where({a:1}).get()).data.map(d=>d._id),(await c.count()).total,(await c.where({a:1}).orderBy('_id','desc').limit(1).get()).data[0]._id];await t.commit();return r})()`,
          [['1', '3'], 2, '3'],
        ),
      ],
      after: {
        t: [
          { _id: '1', a: 1 },
          { _id: '2', a: 1 },
          { _id: '3', a: 1 },
        ],
      },
    },
    {
      title: 'shapes, aliyun',
      seed: { t: [{ _id: '1', a: 1 }] },
      steps: [
        gives(
          "(async()=>{const t=await db.startTransaction();const c=t.collection('t');const r=[await c.add({_id:'2'}),await c.doc('1').get(),await c.doc('9').get(),await c.doc('1').update({a:2}),await c.doc('3').set({a:1}),await c.doc('3').remove(),await c.doc('1').updateAndReturn({a:5}),await t.commit()];return r})()",
          [
            { id: '2' },
            { data: { _id: '1', a: 1 } },
            { data: null },
            { affectedDocs: 1, updated: 1 },
            { affectedDocs: 1, updated: 0, upsertedId: '3' },
            { affectedDocs: 1, deleted: 1 },
            { updated: 1, doc: { _id: '1', a: 5 } },
            {},
          ],
        ),
      ],
    },
    {
      title: 'shapes, tencent',
      provider: 'tencent',
      seed: { t: [{ _id: '1', a: 1 }] },
      steps: [
        gives(
          "(async()=>{const t=await db.startTransaction();const c=t.collection('t');const r=[await c.add({_id:'2'}),await c.doc('1').get(),await c.doc('3').set({a:1}),await t.rollback()];return r})()",
          [
            { requestId: { $type: 'string' }, inserted: 1, ok: 1, id: '2' },
            { requestId: { $type: 'string' }, data: { _id: '1', a: 1 } },
            { requestId: { $type: 'string' }, updated: 0, upserted: [{ _id: '3' }] },
            { requestId: { $type: 'string' } },
          ],
        ),
      ],
      after: { t: [{ _id: '1', a: 1 }] },
    },
    {
      title: 'after a conflict the transaction is over',
      seed: { t: [{ _id: '1', a: 1 }] },
      steps: [
        gives(
          `(async()=>{const a=await db.startTransaction(),b=await db.startTransaction();await a.collection('t').doc('1').update({a:2});const r=[];for(const f of [()=>b.collection('t').doc('1').update({a:3}),()=>b.collection('t').doc('1').get(),()=>b.commit(),()=>b.rollback()]){try{await f();r.push('ok')}catch(e){r.push(e.code)}}await a.rollback();return r})()`,
          [
            'DATABASE_TRANSACTION_CONFLICT',
            'DATABASE_TRANSACTION_FAIL',
            'DATABASE_TRANSACTION_FAIL',
            'DATABASE_TRANSACTION_FAIL',
          ],
        ),
      ],
      after: { t: [{ _id: '1', a: 1 }] },
    },
    {
      title: 'add to a missing collection fails',
      seed: {},
      steps: [
        gives(
          "(async()=>{const t=await db.startTransaction();let c;try{await t.collection('n').add({_id:'1'})}catch(e){c=e.code}await t.rollback().catch(()=>{});return typeof c})()",
          'string',
        ),
        gives("db.collection('n').count()", { affectedDocs: 0, total: 0 }),
      ],
    },
    {
      title: 'a duplicate inside a transaction',
      seed: { t: [{ _id: '1' }] },
      steps: [
        gives(
          "(async()=>{const t=await db.startTransaction();let c;try{await t.collection('t').add({_id:'1'})}catch(e){c=e.code}await t.rollback().catch(()=>{});return c})()",
          'DATABASE_DUPLICATE_WRITE',
        ),
      ],
    },
    {
      title: 'a plain write waits for a transaction',
      seed: { t: [{ _id: '1', a: 1 }] },
      steps: [
        gives(
          `(async()=>{const t=await db.startTransaction();await t.collection('t').doc('1').update({a:2});const w=${C}.doc('1').update({b:1});await t.commit();return [await w,(await ${C}.doc('1').get()).data]})()`,
          [{ affectedDocs: 1, updated: 1 }, [{ _id: '1', a: 2, b: 1 }]],
        ),
      ],
    },
    {
      title: 'runTransaction: throws roll back',
      provider: 'alipay',
      seed: { t: [{ _id: '1', a: 1 }] },
      steps: [
        gives(
          "db.runTransaction(async t=>{await t.collection('t').doc('1').update({a:2});throw new Error('no')}).catch(e=>e.message)",
          'no',
        ),
        gives("db.runTransaction(async t=>{await t.collection('t').add({_id:'2'});return 7},1)", 7),
        gives(
          "(async()=>{let n=0;const e=await db.runTransaction(async t=>{n++;throw Object.assign(new Error('x'),{code:'DATABASE_TRANSACTION_CONFLICT'})},1).catch(e=>e.code);return [n,e]})()",
          [1, 'DATABASE_TRANSACTION_CONFLICT'],
        ),
      ],
      after: { t: [{ _id: '1', a: 1 }, { _id: '2' }] },
    },
    {
      title: 'runTransaction: a real conflict is retried',
      provider: 'alipay',
      seed: { t: [{ _id: '1', a: 1 }] },
      steps: [
        gives(
          `(async()=>{let n=0;const r=await db.runTransaction(async t=>{n++;const c=t.collection('t');await c.doc('1').get();if(n===1)await ${C}.doc('1').update({a:10});return (await c.doc('1').updateAndReturn({a:_.inc(1)})).doc.a});return [n,r]})()`,
          [2, 11],
        ),
      ],
    },
  ],
  indexes: [
    {
      title: 'unique over an array: per element, across documents only',
      seed: { t: [{ _id: '1', m: ['a', 'a', 'b'] }] },
      indexes: {
        t: [
          {
            IndexName: 'm_u',
            MgoKeySchema: { MgoIndexKeys: [{ Name: 'm', Direction: '1' }], MgoIsUnique: true },
          },
        ],
      },
      steps: [
        fails(
          `${C}.add({_id:'2',m:['b','c']})`,
          'DATABASE_DUPLICATE_WRITE',
          'E11000 duplicate key error collection: t index: m_u dup key: \\{',
        ),
        { call: `${C}.add({_id:'3',m:['c','d']})` },
        fails(`${C}.doc('3').update({m:_.push('a')})`, 'DATABASE_DUPLICATE_WRITE'),
      ],
    },
    {
      title: 'unique on a dotted path, 1 and 1.0',
      seed: { t: [{ _id: '1', a: { b: 1 } }] },
      indexes: {
        t: [
          {
            IndexName: 'ab',
            MgoKeySchema: { MgoIndexKeys: [{ Name: 'a.b', Direction: '-1' }], MgoIsUnique: true },
          },
        ],
      },
      steps: [
        fails(`${C}.add({_id:'2',a:{b:1}})`, 'DATABASE_DUPLICATE_WRITE'),
        { call: `${C}.add({_id:'3',a:{b:'1'}})` },
      ],
    },
    {
      title: 'duplicate _id text',
      seed: { t: [{ _id: '1' }] },
      steps: [
        fails(
          `${C}.add({_id:'1'})`,
          'DATABASE_DUPLICATE_WRITE',
          'E11000 duplicate key error collection: t index: _id_ dup key: \\{',
        ),
      ],
    },
    {
      title: 'values above 1024 bytes cannot be indexed',
      seed: { t: [{ _id: '1', m: 'a' }] },
      indexes: {
        t: [
          {
            IndexName: 'm',
            MgoKeySchema: { MgoIndexKeys: [{ Name: 'm', Direction: '1' }], MgoIsUnique: false },
          },
        ],
      },
      steps: [
        fails(`${C}.add({_id:'2',m:'山'.repeat(400)})`),
        fails(`${C}.doc('1').update({m:'x'.repeat(1200)})`),
        { call: `${C}.add({_id:'3',m:'x'.repeat(900)})` },
      ],
      after: {
        t: [
          { _id: '1', m: 'a' },
          { _id: '3', m: 'x'.repeat(900) },
        ],
      },
    },
  ],
}

for (const [road, open] of Object.entries(roads)) {
  describe.each(Object.entries(groups))(`road ${road}: %s`, (_area, rules) => {
    it.each(rules.map((rule) => [`${rule.provider ?? 'aliyun'}: ${rule.title}`, rule] as const))(
      '%s',
      async (_name, rule) => {
        await using database = open()
        await runCase(database, { id: '', area: '', ...rule })
      },
    )
  })
}
