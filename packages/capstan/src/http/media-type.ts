/** Endings of texts without a type of their own, and names without an ending; as MLflow has them. */
const TEXTS = ['cf', 'cfg', 'cnf', 'conf', 'err', 'hocon', 'ini', 'log', 'mlmodel', 'mlproject', 'prop', 'properties'];

/** Types by ending, for what people log. Anything else is bytes. */
const types: Readonly<Record<string, string>> = {
  ...Object.fromEntries(TEXTS.map((ending) => [ending, 'text/plain'])),
  avif: 'image/avif',
  bmp: 'image/bmp',
  csv: 'text/csv',
  gif: 'image/gif',
  htm: 'text/html',
  html: 'text/html',
  ipynb: 'application/x-ipynb+json',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  js: 'text/javascript',
  json: 'application/json',
  md: 'text/markdown',
  mp3: 'audio/mpeg',
  mp4: 'video/mp4',
  ndjson: 'application/x-ndjson',
  parquet: 'application/vnd.apache.parquet',
  pdf: 'application/pdf',
  png: 'image/png',
  py: 'text/x-python',
  py3: 'text/x-python',
  rst: 'text/x-rst',
  svg: 'image/svg+xml',
  toml: 'application/toml',
  tsv: 'text/tab-separated-values',
  txt: 'text/plain',
  wav: 'audio/wav',
  webm: 'video/webm',
  webp: 'image/webp',
  xml: 'application/xml',
  yaml: 'application/yaml',
  yml: 'application/yaml',
};

/** The media type that a file's name suggests; what the file holds is never looked at. */
export function mediaTypeOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  const ending = name.slice(name.lastIndexOf('.') + 1);
  return (Object.hasOwn(types, ending) && types[ending]) || 'application/octet-stream';
}
