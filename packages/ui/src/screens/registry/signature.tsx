import type { api } from '../../app/api.ts';
import type { Reply } from '../../app/replies.ts';
import { Empty, Halves } from '../../design/page.tsx';
import { Table } from '../../design/table.tsx';

type Files = Reply<typeof api.registry.getVersion>['files'];

interface Field {
  readonly name: string;
  readonly type: string;
  readonly isOptional: boolean;
}

/** What a version takes and gives, as MLflow has written it down. */
export function Signature({ files }: { files: Files }) {
  const inputs = fieldsOf(files?.signature?.inputs);
  const outputs = fieldsOf(files?.signature?.outputs);
  if (inputs.length === 0 && outputs.length === 0) {
    return (
      <Empty title="No signature was logged">
        <code>log_model(…, signature=infer_signature(rows, predictions))</code>
      </Empty>
    );
  }
  return (
    <Halves>
      <Fields title="Takes" fields={inputs} />
      <Fields title="Gives" fields={outputs} />
    </Halves>
  );
}

function Fields({ title, fields }: { title: string; fields: readonly Field[] }) {
  return (
    <Table
      caption={title}
      rows={fields.map((field, index) => ({ ...field, index }))}
      keyOf={(row) => row.index}
      columns={[
        { name: title, cell: (row) => <code>{row.name}</code> },
        { name: 'Type', cell: (row) => `${row.type}${row.isOptional ? ', may be left out' : ''}` },
      ]}
    />
  );
}

/** MLflow writes a JSON list of columns, or of tensors. */
function fieldsOf(text: string | null | undefined): readonly Field[] {
  if (text === null || text === undefined) return [];
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed.map(fieldOf) : [];
  } catch {
    return [];
  }
}

interface Written {
  readonly name?: unknown;
  readonly type?: unknown;
  readonly required?: unknown;
  readonly 'tensor-spec'?: { readonly dtype?: unknown; readonly shape?: unknown };
}

function fieldOf(value: unknown, index: number): Field {
  const written = (value ?? {}) as Written;
  const tensor = written['tensor-spec'];
  const shape = tensor === undefined ? '' : ` [${String(tensor.shape)}]`;
  const type = tensor === undefined ? written.type : tensor.dtype;
  return {
    name: typeof written.name === 'string' ? written.name : `no. ${index + 1}`,
    type: `${typeof type === 'string' ? type : 'unknown'}${shape}`,
    isOptional: written.required === false,
  };
}
