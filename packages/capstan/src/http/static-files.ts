import { readFileSync, readdirSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import type { RawReply } from './bind.ts';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json',
  '.map': 'application/json',
};

/**
 * Serves a folder of built files from memory, so that a later build does not mix with this one; any path that is no file
 * gets `index.html`, since the interface routes by itself. Nothing is looked up on disk by a caller's path. Returns null
 * when the folder has no index.html.
 */
export function staticFiles(folder: string): ((path: string) => Promise<RawReply | null>) | null {
  const files = new Map<string, () => RawReply>();
  try {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const file = join(entry.parentPath, entry.name);
      const path = `/${relative(folder, file).split(sep).join('/')}`;
      files.set(path, onceFor(path, readFileSync(file)));
    }
  } catch {
    return null;
  }
  const index = files.get('/index.html');
  if (!index) return null;
  return async (path) => {
    const file = files.get(path);
    if (file) return file();
    // API paths must never look like a page that works.
    return /^\/(api|ajax-api|v2|v1|get-artifact|model-versions|graphql)(\/|$)/.test(path) ? null : index();
  };
}

/** Compressed when first asked for: all of them at the start would hold it up by as long as the rest of it takes. */
function onceFor(path: string, bytes: Buffer): () => RawReply {
  let reply: RawReply | undefined;
  return () => (reply ??= replyFor(path, bytes));
}

function replyFor(path: string, bytes: Buffer): RawReply {
  const type = types[extname(path)] ?? 'application/octet-stream';
  // Built assets carry a hash in their name and never change; pages are asked for each time.
  const caching = path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
  const isText = /^text|json|svg/.test(type) && bytes.length > 1_000;
  const body = isText ? brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }) : bytes;
  const headers = { 'content-type': type, 'cache-control': caching, ...(isText && { 'content-encoding': 'br' }) };
  return { status: 200, headers, body };
}
