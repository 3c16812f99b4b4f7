-- one of 10,000 providers, any time of the year
\set provider random(1, 10000)
\set start 1767225600 + 300 * random(0, 105000)
\set finish :start + 300 * random(6, 18)
