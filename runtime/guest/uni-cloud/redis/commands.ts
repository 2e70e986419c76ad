/** Names of the commands a client has as methods (spec/redis.md §3). */

const words = (text: string): string[] => text.trim().split(/\s+/)

/** Commands on data; whether the server at the other end knows one is its own business. */
export const dataCommands: readonly string[] = words(`
  get set getrange substr setex psetex setnx mget mset msetnx strlen incr incrby decr decrby incrbyfloat append
  getset getdel getex setrange lcs
  del exists expire expireat pexpire pexpireat ttl pttl persist keys scan type rename renamenx randomkey dump restore
  unlink touch copy move object sort sort_ro expiretime pexpiretime
  rpush lpush rpushx lpushx rpop lpop rpoplpush linsert lindex llen lrange lrem lset ltrim blpop brpop brpoplpush
  lmove blmove lmpop blmpop lpos
  hset hget hmset hmget hgetall hdel hexists hincrby hincrbyfloat hkeys hvals hlen hsetnx hscan hstrlen hrandfield
  sadd scard sdiff sinter sunion sdiffstore sinterstore sunionstore sismember smembers smove spop srandmember srem
  sscan smismember sintercard
  zadd zcard zcount zincrby zinterstore zunionstore zrange zrevrange zrevrangebyscore zrank zrevrank zrem zscore zscan
  zmscore zrangebyscore zrangebylex zrevrangebylex zlexcount zremrangebyrank zremrangebyscore zremrangebylex zpopmin
  zpopmax bzpopmin bzpopmax zrandmember zdiff zdiffstore zunion zinter zintercard zrangestore zmpop bzmpop
  pfadd pfcount pfmerge
  setbit getbit bitcount bitop bitpos bitfield bitfield_ro
  eval evalsha eval_ro evalsha_ro script
  geoadd geopos geodist geohash georadius georadiusbymember geosearch geosearchstore
  xadd xlen xrange xrevrange xdel xtrim xread xgroup xreadgroup xack xpending xclaim xautoclaim xinfo xsetid
  publish pubsub ping echo time dbsize flushdb flushall wait watch unwatch select swapdb info memory latency
`)

/** Administration of the server: not for functions. */
export const administrationCommands: ReadonlySet<string> = new Set(
  words(`
    config shutdown debug monitor slaveof replicaof acl cluster save bgsave bgrewriteaof lastsave migrate failover
    client command module psync sync replconf role slowlog reset auth hello readonly readwrite asking
  `),
)

/** Would turn the shared connection into one that can do nothing else (spec/redis.md §6). */
export const subscriptionCommands: ReadonlySet<string> = new Set(
  words('subscribe psubscribe ssubscribe unsubscribe punsubscribe sunsubscribe'),
)

/** May hold a connection until something comes. */
export const blockingCommands: ReadonlySet<string> = new Set(
  words('blpop brpop brpoplpush blmove blmpop bzpopmin bzpopmax bzmpop'),
)
