-- one resource, any hour of the first day: what follows is a whole year
\set resource 1
\set start 1767225600 + 300 * random(0, 276)
\set finish :start + 3600
