import { Link } from '@tanstack/react-router';
import { api, useNow, useRead } from '../../app/api.ts';
import type { RunReply } from '../../app/replies.ts';
import { Id } from '../../design/copy.tsx';
import { Loaded } from '../../design/loaded.tsx';
import { Empty, Facts } from '../../design/page.tsx';
import { State } from '../../design/state.tsx';
import { Time } from '../../design/time.tsx';

/** Models that a run logged. */
export function LoggedModels({ run }: { run: RunReply }) {
  if (run.modelOutputs.length === 0) {
    return (
      <Empty title="No model was logged">
        <code>mlflow.onnx.log_model(model, name="model", registered_model_name="…")</code>
      </Empty>
    );
  }
  return run.modelOutputs.map(({ modelId }) => <LoggedModel key={modelId} id={modelId} />);
}

function LoggedModel({ id }: { id: string }) {
  const now = useNow();
  const model = useRead(api.experiments.getLoggedModel, { params: { model: id } });
  return (
    <Loaded of={model}>
      {(data) => (
        <Facts
          items={[
            ['Name', data.name],
            ['Id', <Id key="id" value={data.id} isWhole />],
            [
              'State',
              data.status === 'LOGGED_MODEL_READY' ? (
                <State key="state" tone="success">
                  ready
                </State>
              ) : data.status === 'LOGGED_MODEL_PENDING' ? (
                <State key="state" tone="working">
                  being logged
                </State>
              ) : (
                <State key="state" tone="danger">
                  upload failed
                </State>
              ),
            ],
            ['Logged', <Time key="at" at={data.createdAt} now={now} />],
          ]}
        />
      )}
    </Loaded>
  );
}

/** Registered versions that a run made. */
export function ModelVersionsOfRun({ run }: { run: string }) {
  const models = useRead(api.registry.listModels, { query: { limit: 200 } });
  const found = (models.data?.items ?? []).flatMap((model) =>
    model.latestVersions.filter((version) => version.runId === run),
  );
  if (!models.data) return null;
  if (found.length === 0) return 'none among the newest';
  return found.map((version) => (
    <div key={version.model}>
      <Link to="/models/$model/versions/$version" params={{ model: version.model, version: String(version.version) }}>
        {`${version.model} v${version.version}`}
      </Link>
    </div>
  ));
}
