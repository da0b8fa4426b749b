import { posix } from 'node:path';
import type { DatasetColumn, DatasetVersion } from '@capstan/api';
import { dataFormatOf } from '#ports/analytics';

// Croissant 1.0 of MLCommons (https://docs.mlcommons.org/croissant/docs/croissant-spec.html): what a dataset is, as JSON-LD
// that search engines, mlcroissant, TensorFlow Datasets and others read.

/** The terms of the specification's own context as mlcroissant 1.1 has them; readers expect exactly these. */
const context = {
  '@language': 'en',
  '@vocab': 'https://schema.org/',
  citeAs: 'cr:citeAs',
  column: 'cr:column',
  conformsTo: 'dct:conformsTo',
  cr: 'http://mlcommons.org/croissant/',
  rai: 'http://mlcommons.org/croissant/RAI/',
  data: { '@id': 'cr:data', '@type': '@json' },
  dataType: { '@id': 'cr:dataType', '@type': '@vocab' },
  dct: 'http://purl.org/dc/terms/',
  equivalentProperty: 'cr:equivalentProperty',
  examples: { '@id': 'cr:examples', '@type': '@json' },
  extract: 'cr:extract',
  field: 'cr:field',
  fileProperty: 'cr:fileProperty',
  fileObject: 'cr:fileObject',
  fileSet: 'cr:fileSet',
  format: 'cr:format',
  includes: 'cr:includes',
  isLiveDataset: 'cr:isLiveDataset',
  jsonPath: 'cr:jsonPath',
  key: 'cr:key',
  md5: 'cr:md5',
  parentField: 'cr:parentField',
  path: 'cr:path',
  recordSet: 'cr:recordSet',
  references: 'cr:references',
  regex: 'cr:regex',
  repeated: 'cr:repeated',
  replace: 'cr:replace',
  samplingRate: 'cr:samplingRate',
  sc: 'https://schema.org/',
  separator: 'cr:separator',
  source: 'cr:source',
  subField: 'cr:subField',
  transform: 'cr:transform',
} as const;

const dataTypes = {
  integer: 'sc:Integer',
  number: 'sc:Float',
  text: 'sc:Text',
  boolean: 'sc:Boolean',
  date: 'sc:Date',
  timestamp: 'sc:DateTime',
  time: 'sc:Text',
  other: 'sc:Text',
} as const satisfies Record<DatasetColumn['type'], string>;

const encodings = { parquet: 'application/x-parquet', csv: 'text/csv', ndjson: 'application/jsonlines' } as const;

export interface CroissantOrigin {
  /** Where this server is reached: `http://127.0.0.1:5050`. */
  readonly serverUrl: string;
  /** What the project's charter says that the data are for. */
  readonly decision: string;
  /** Columns that name a row; may be empty. */
  readonly key: readonly string[];
}

/** A version as Croissant 1.0: each file with its place and SHA-256, and one record set with a field a column. */
export function toCroissant(version: DatasetVersion, { serverUrl, decision, key }: CroissantOrigin): object {
  const { id, project, dataset, number, rows, fileCount, digest } = version;
  const files = version.files.map((file) => ({
    '@type': 'cr:FileObject',
    '@id': file.path,
    name: posix.basename(file.path),
    contentUrl: `${serverUrl}/api/v1/dataset-versions/${encodeURIComponent(id)}/files?path=${encodeURIComponent(file.path)}`,
    contentSize: `${file.sizeBytes} B`,
    encodingFormat: encodings[dataFormatOf(file.path) ?? 'parquet'],
    sha256: file.digest.replace(/^sha256:/, ''),
  }));
  const [only] = files;
  const isOne = files.length === 1 && only !== undefined;
  const set = {
    '@type': 'cr:FileSet',
    '@id': 'files',
    name: 'files',
    description: `The ${fileCount} files of the version`,
    containedIn: files.map((file) => ({ '@id': file['@id'] })),
    encodingFormat: only?.encodingFormat ?? encodings.parquet,
    // All of them: readers keep what they fetch under names of their own.
    includes: '*',
  };
  const source = isOne ? { fileObject: { '@id': only['@id'] } } : { fileSet: { '@id': 'files' } };
  const fieldId = (name: string) => `rows/${name}`;
  const named = key.filter((name) => version.columns.some((column) => column.name === name));
  return {
    '@context': context,
    '@type': 'sc:Dataset',
    '@id': `${project}/${dataset}`,
    name: `${project}-${dataset}`,
    description: `${dataset} of the project ${project}: ${rows} rows in ${fileCount} files, version ${number}, content ${digest}. The project: ${decision}`,
    conformsTo: 'http://mlcommons.org/croissant/1.0',
    url: `${serverUrl}/dataset-versions/${encodeURIComponent(id)}`,
    version: `${number}.0.0`,
    datePublished: new Date(version.createdAt).toISOString(),
    distribution: isOne ? files : [...files, set],
    recordSet: [
      {
        '@type': 'cr:RecordSet',
        '@id': 'rows',
        name: 'rows',
        ...(named.length > 0 && { key: named.map((name) => ({ '@id': fieldId(name) })) }),
        field: version.columns.map(({ name, type, storageType }) => ({
          '@type': 'cr:Field',
          '@id': fieldId(name),
          name,
          description: `${storageType}${name === version.eventTimeColumn ? ', the time of the event' : ''}`,
          dataType: dataTypes[type],
          source: { ...source, extract: { column: name } },
        })),
      },
    ],
  };
}
