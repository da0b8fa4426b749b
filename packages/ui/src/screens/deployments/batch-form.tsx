import { useState } from 'react';
import { api, refresh, useRead } from '../../app/api.ts';
import { Choice } from '../../design/field.tsx';
import { Failure } from '../../design/problem.tsx';
import { Empty, Row, Stack } from '../../design/page.tsx';
import { toast } from '../../design/toast.tsx';
import css from './batch-form.module.css';

/** What is predicted, where it goes, and what a bad row does. */
export function BatchForm({ deployment }: { deployment: string }) {
  const projects = useRead(api.projects.list, { query: {} }).data?.items ?? [];
  const [chosen, setProject] = useState('');
  const project = chosen === '' ? (projects[0]?.name ?? '') : chosen;
  const read = useRead(api.datasets.list, { params: { project } }, { isEnabled: project !== '' });
  const datasets = (read.data?.items ?? []).filter(({ accepted }) => accepted !== null);
  const [named, setDataset] = useState('');
  const dataset = datasets.find(({ name }) => name === named) ?? datasets[0];
  const [onError, setOnError] = useState<'fail' | 'null'>('fail');
  const executors = useRead(api.batchPredictions.executors, {}).data?.items ?? [];
  const [executor, setExecutor] = useState('local');
  const [error, setError] = useState<unknown>(null);
  if (!dataset?.accepted) {
    return (
      <Empty title="No dataset has an accepted version">
        Declare one in the capstan.yaml of a project and register its files.
      </Empty>
    );
  }
  const input = dataset.accepted;
  const start = (form: FormData): void => {
    const to = form.get('to');
    const place = typeof to === 'string' && to.trim() !== '' ? { to: to.trim() } : {};
    setError(null);
    api.batchPredictions
      .start({ body: { deployment, input: input.id, onError, executor, ...place } })
      .then(async () => {
        toast(`A batch prediction over ${dataset.name} v${input.number} has begun`);
        await refresh();
      })
      .catch(setError);
  };
  return (
    <form
      className={css['form']}
      aria-label="Begin a batch prediction"
      onSubmit={(event) => {
        event.preventDefault();
        start(new FormData(event.currentTarget));
      }}
    >
      <Stack>
        <Row>
          {projects.length > 1 && (
            <Choice
              label="Project"
              value={project}
              options={projects.map(({ name }) => ({ value: name, label: name }))}
              onChoose={setProject}
            />
          )}
          <Choice
            label="Dataset"
            value={dataset.name}
            options={datasets.map(({ name, accepted }) => ({
              value: name,
              label: `${name} v${accepted?.number ?? ''}`,
            }))}
            onChoose={setDataset}
          />
          <label>
            Result becomes a version of
            <input name="to" placeholder="a dataset; none: a file" autoComplete="off" spellCheck={false} />
          </label>
          <Choice
            label="A bad row"
            value={onError}
            options={[
              { value: 'fail', label: 'ends the job' },
              { value: 'null', label: 'gets nulls and the reason' },
            ]}
            onChoose={setOnError}
          />
          {executors.length > 1 && (
            <Choice
              label="Runs on"
              value={executor}
              options={executors.map((name) => ({ value: name, label: name }))}
              onChoose={setExecutor}
            />
          )}
          <button type="submit">Predict all rows</button>
        </Row>
        {error !== null && <Failure error={error} />}
      </Stack>
    </form>
  );
}
