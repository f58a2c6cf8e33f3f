-- Replace a ticket's state and arm what follows from it, or change nothing when somebody was
-- faster. Alerts are kept once for ever under their id: that is what makes them unique.
-- KEYS ticket, record, inbox, due, claimed, tokens, again, claims, attempts, open, settled, bell,
--      counters, met, said, begun, wrote, written, changed, commits, endings, told
-- ARGV the change as JSON: version, state, lines, consumed, arm, disarm, take, alerts, send, open,
--      settled, keep, met, counts, unsay, wrote, writes_kept, lease, ending, ending_kept, severity
-- Returns {1, token of the claim on `take` or 0, alerts kept, token of the claim on `send` or 0}, or
-- {0} when the version moved.
local ticket, due, claimed = KEYS[1], KEYS[4], KEYS[5]
local change = cjson.decode(ARGV[1])
if tonumber(redis.call('HGET', ticket, 'version') or '0') ~= change.version then return {0} end
local t = redis.call('TIME')
local now = tonumber(t[1]) + tonumber(t[2]) / 1000000
local function stamp(moment) return string.format('%.6f', moment) end

redis.call('HSET', ticket, 'version', change.version + 1, 'state', change.state)
redis.call('ZADD', KEYS[19], redis.call('INCR', KEYS[20]), change.key)
redis.call('ZREMRANGEBYRANK', KEYS[19], 0, -10001)
if change.ending then
  redis.call('HSET', KEYS[21], change.key, change.ending)
  redis.call('EXPIRE', KEYS[21], change.ending_kept)
end
for _, line in ipairs(change.lines) do redis.call('RPUSH', KEYS[2], line) end
redis.call('LTRIM', KEYS[2], -400, -1)
if change.consumed > 0 then
  redis.call('LTRIM', KEYS[3], change.consumed, -1)
  if redis.call('LLEN', KEYS[3]) > 0 then
    redis.call('ZADD', due, 'LT', stamp(now), 'event:' .. change.key)
  end
end
if #change.wrote > 0 then
  for _, write in ipairs(change.wrote) do redis.call('RPUSH', KEYS[17], write) end
  redis.call('LTRIM', KEYS[17], -change.writes_kept, -1)
  redis.call('ZADD', KEYS[18], stamp(now), change.key)
  redis.call('ZREMRANGEBYSCORE', KEYS[18], '-inf', stamp(now - change.keep))
end

for _, pair in ipairs(change.arm) do redis.call('ZADD', due, stamp(pair[2]), pair[1]) end
for _, member in ipairs(change.disarm) do
  redis.call('ZREM', due, member)
  redis.call('HDEL', KEYS[7], member)
end
if change.open then
  redis.call('ZADD', KEYS[10], stamp(change.open), change.key)
  redis.call('PERSIST', ticket)
  redis.call('PERSIST', KEYS[2])
  redis.call('PERSIST', KEYS[17])
else
  redis.call('ZREM', KEYS[10], change.key)
  redis.call('EXPIRE', ticket, change.keep)
  redis.call('EXPIRE', KEYS[2], change.keep)
  redis.call('EXPIRE', KEYS[17], change.keep)
end
if change.settled then
  redis.call('ZADD', KEYS[11], stamp(change.settled), change.key)
  redis.call('ZREMRANGEBYRANK', KEYS[11], 0, -5001)
end
local kept, sending = 0, 0
for _, alert in ipairs(change.alerts) do
  if redis.call('HSETNX', alert[1], 'alert', alert[2]) == 1 then
    redis.call('EXPIRE', alert[1], change.keep)
    if alert[3] == change.send then  -- the caller sends it itself, under a claim of its own
      sending = redis.call('INCR', KEYS[8])
      redis.call('ZADD', claimed, stamp(now + change.lease), alert[3])
      redis.call('HSET', KEYS[6], alert[3], sending)
      redis.call('HINCRBY', KEYS[9], alert[3], 1)
      redis.call('SADD', KEYS[16], alert[3])
    else
      redis.call('ZADD', due, stamp(now), alert[3])
    end
    redis.call('HSET', ticket, 'told:' .. alert[4], alert[5], 'alert:' .. alert[5], '1')
    kept = kept + 1
  end
end
if kept > 0 and change.severity then
  redis.call('HINCRBY', KEYS[22], change.severity, kept)
  redis.call('EXPIRE', KEYS[22], change.ending_kept)
end
if change.met then
  redis.call('SADD', KEYS[14], change.met.id)
  redis.call('ZADD', due, 'NX', stamp(now + change.met.wait), change.met.member)
end
if change.unsay then redis.call('HDEL', KEYS[15], change.unsay) end
for name, count in pairs(change.counts) do redis.call('HINCRBY', KEYS[13], name, count) end

-- The caller goes on with `take` itself, under a claim of its own, unless somebody holds it or it
-- waits for its next try: then it is done there, with what is to be written by then.
local token = 0
if change.take ~= '' then
  local waits = redis.call('ZSCORE', due, change.take)
  if redis.call('ZSCORE', claimed, change.take) then
    redis.call('HSET', KEYS[7], change.take, stamp(now))
  elseif not waits or tonumber(waits) <= now then  -- else the helpdesk asked for a pause
    token = redis.call('INCR', KEYS[8])
    redis.call('ZREM', due, change.take)
    redis.call('ZADD', claimed, stamp(now + change.lease), change.take)
    redis.call('HSET', KEYS[6], change.take, token)
    redis.call('HINCRBY', KEYS[9], change.take, 1)
    redis.call('SADD', KEYS[16], change.take)
  end
end
if kept > 0 or #change.arm > 0 then
  if redis.call('LLEN', KEYS[12]) == 0 then redis.call('LPUSH', KEYS[12], '1') end
end
return {1, token, kept, sending}
