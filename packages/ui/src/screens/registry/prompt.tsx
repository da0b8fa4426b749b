import { Command } from '../../design/copy.tsx';
import { Section } from '../../design/page.tsx';
import { History } from './history.tsx';

/** MLflow's marks of a version that is a prompt. */
const TEXT_TAG = 'mlflow.prompt.text';
const marks = new Set([TEXT_TAG, 'mlflow.prompt.is_prompt', '_mlflow_prompt_type']);

/** The text of a version that is a prompt. */
export function promptTextOf(tags: Readonly<Record<string, string>>): string | undefined {
  return tags[TEXT_TAG];
}

/** Tags that people gave, without MLflow's marks of prompts. */
export function tagsOfPeople(tags: Readonly<Record<string, string>>): (readonly [string, string])[] {
  return Object.entries(tags).filter(([key]) => !marks.has(key));
}

/** A version of a prompt: its text, what happened to it and how it is used. It has no files, and no gate judges it. */
export function Prompt({ name, version, text }: { name: string; version: number; text: string }) {
  return (
    <>
      <Section title="Prompt">
        <Command label="Copy the text">{text}</Command>
      </Section>
      <Section title="History">
        <History model={name} version={version} />
      </Section>
      <Section title="Use it from Python">
        <Command>{`mlflow.set_tracking_uri("${location.origin}")\nprompt = mlflow.genai.load_prompt("prompts:/${name}/${version}")`}</Command>
      </Section>
    </>
  );
}
