// Column scans by DuckDB, in this process, over files it is told of and no others: no network, no extensions to load,
// no configuration that a query could change. The only importer of @duckdb/node-api.
// Parquet of anybody's is read in a process of its own, for the data plane.
// Owns memory and spill limits of scans; knows nothing of datasets. Built by app.ts and serving.ts.
export { createAnalyticsDuckdb } from './create-analytics-duckdb.ts';
export { createParquetReader } from './create-parquet-reader.ts';
