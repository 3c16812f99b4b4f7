-- one resource, any time of the year
\set resource 1
\set start 1767225600 + 300 * random(0, 105000)
\set finish :start + 300 * random(6, 18)
