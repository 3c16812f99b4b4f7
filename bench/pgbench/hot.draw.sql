-- one resource, everyone the same hour of the year
\set resource 1
\set start 1767225600 + 300 * 52416
\set finish :start + 3600
