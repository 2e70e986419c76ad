/** Random calls on a few keys, right and wrong ones alike; the same for the same seed. */

export type RandomCall = [name: string, ...args: string[]]

export class RandomCommands {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  next(): RandomCall {
    const row = this.#pick(templates)
    const [name = '', ...parts] = this.#pick(row.split(' | ')).split(' ')
    return [name, ...parts.map((part) => this.#fill(part))]
  }

  // internals

  #fill(part: string): string {
    const choices = parts[part]
    return choices ? this.#pick(choices) : part
  }

  #pick<T>(items: readonly T[]): T {
    this.#state = (this.#state * 1103515245 + 12345) & 0x7fffffff
    // The low bits of such a sequence repeat soon.
    return items[(this.#state >>> 8) % items.length] as T
  }
}

/** What stands for a word in a template. */
const parts: Readonly<Record<string, readonly string[]>> = {
  $k: ['a', 'b', 'c', 'd'],
  $v: ['1', '2', '-3', 'x', '', '10', '3.5', 'hello', '中', 'inf'],
  $m: ['m1', 'm2', 'm3', 'x', '1'],
  $i: ['0', '1', '2', '-1', '-2', '5', '100', 'x', '1.5'],
  $f: ['1', '2.5', '-1', 'inf', '(1', 'x', '0', '3', '+inf', '-inf'],
  $l: ['-', '+', '[m1', '(m2', '[x', 'm', '(a'],
  $b: ['0', '1', '2'],
  $side: ['LEFT', 'RIGHT'],
}

/** Alternatives of one command are separated by a bar. */
const templates: readonly string[] = [
  'get $k',
  'set $k $v | set $k $v NX | set $k $v XX GET | set $k $v EX $i | set $k $v KEEPTTL | set $k $v EX 10 KEEPTTL',
  'setnx $k $v',
  'getset $k $v',
  'getdel $k',
  'getex $k | getex $k EX $i | getex $k PERSIST',
  'append $k $v',
  'strlen $k',
  'getrange $k $i $i',
  'setrange $k $i $v',
  'incr $k',
  'incrby $k $i',
  'decrby $k $v',
  'mget $k $k',
  'mset $k $v $k $v',
  'msetnx $k $v $k $v',
  'del $k',
  'exists $k $k',
  'type $k',
  'rename $k $k',
  'renamenx $k $k',
  'copy $k $k | copy $k $k REPLACE',
  'expire $k 100 | expire $k x | expire $k 0 | expire $k 50 NX',
  'ttl $k',
  'persist $k',
  'lpush $k $v',
  'rpush $k $v $v',
  'lpushx $k $v',
  'lpop $k | lpop $k $i',
  'rpop $k',
  'llen $k',
  'lrange $k $i $i',
  'lindex $k $i',
  'linsert $k BEFORE $v $v | linsert $k AFTER $v $v | linsert $k X $v $v',
  'lset $k $i $v',
  'lrem $k $i $v',
  'ltrim $k $i $i',
  'rpoplpush $k $k',
  'lmove $k $k $side $side',
  'lpos $k $v | lpos $k $v RANK $i | lpos $k $v COUNT $i MAXLEN $i',
  'hset $k $m $v',
  'hget $k $m',
  'hdel $k $m',
  'hincrby $k $m $i',
  'hincrbyfloat $k $m 2.5 | hincrbyfloat $k $m x',
  'hlen $k',
  'hmget $k $m $m',
  'hsetnx $k $m $v',
  'hstrlen $k $m',
  'hmset $k $m $v',
  'sadd $k $m $m',
  'srem $k $m',
  'scard $k',
  'smove $k $k $m',
  'sinterstore $k $k $k',
  'sunionstore $k $k $k',
  'sdiffstore $k $k $k',
  'sintercard 2 $k $k',
  'smismember $k $m $m',
  'zadd $k $f $m | zadd $k NX $f $m | zadd $k XX CH $f $m | zadd $k GT $f $m | zadd $k INCR $f $m',
  'zincrby $k $f $m',
  'zcard $k',
  'zscore $k $m',
  'zrank $k $m',
  'zrevrank $k $m',
  'zrem $k $m',
  'zcount $k $f $f',
  'zrange $k $i $i WITHSCORES | zrange $k $f $f BYSCORE REV | zrange $k $l $l BYLEX | zrange $k $i $i LIMIT 0 1',
  'zrevrange $k $i $i',
  'zrangebyscore $k $f $f LIMIT $i $i | zrangebyscore $k $f $f WITHSCORES',
  'zrevrangebyscore $k $f $f',
  'zlexcount $k $l $l',
  'zremrangebyscore $k $f $f',
  'zremrangebyrank $k $i $i',
  'zpopmin $k | zpopmin $k $i',
  'zpopmax $k',
  'zunionstore $k 2 $k $k WEIGHTS $f 1 | zunionstore $k 1 $k AGGREGATE MIN',
  'zinterstore $k 2 $k $k AGGREGATE MAX | zinterstore $k 2 $k $k AGGREGATE X',
  'zdiffstore $k 2 $k $k',
  'setbit $k $i $b',
  'getbit $k $i',
  'bitcount $k | bitcount $k $i $i | bitcount $k $i $i BIT | bitcount $k $i',
  'bitpos $k $b | bitpos $k 0 $i $i | bitpos $k 1 $i $i BIT',
  'bitop AND $k $k $k | bitop XOR $k $k $k',
]
