-- one of 1,000 resources, any time of the year
\set resource random(1, 1000)
\set start 1767225600 + 300 * random(0, 105000)
\set finish :start + 300 * random(6, 18)
