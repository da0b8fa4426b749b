import { describe, expect, it } from 'vitest';
import { withFrozenStage } from './freeze-stage.ts';

const text = `stages:
  # The first.
  a:
    cmd:   x   # odd
    outs: [o]
  b: {cmd: y}
  each:
    foreach: [1, 2]
    do:
      cmd: echo \${item}
`;

describe('freezing a stage', () => {
  it.each([
    ['a', '    frozen: true\n    cmd:   x   # odd\n'],
    ['b', '  b: {frozen: true, cmd: y}\n'],
    ['each', '      frozen: true\n      cmd: echo ${item}\n'],
  ])('changes nothing else of the file: %s', (name, line) => {
    const frozen = withFrozenStage(text, 'dvc.yaml', name, true);
    expect(frozen).toContain(line);
    expect(frozen.replace(/\s*frozen: true(, )?/, '').replaceAll(/\s/g, '')).toBe(text.replaceAll(/\s/g, ''));
    expect(withFrozenStage(frozen, 'dvc.yaml', name, true)).toBe(frozen);
    const thawed = withFrozenStage(frozen, 'dvc.yaml', name, false);
    expect(thawed).toBe(frozen.replace('frozen: true', 'frozen: false'));
    expect(withFrozenStage(thawed, 'dvc.yaml', name, true)).toBe(frozen);
  });

  it('leaves what is as asked, and names what is not there', () => {
    expect(withFrozenStage(text, 'dvc.yaml', 'a', false)).toBe(text);
    expect(() => withFrozenStage(text, 'dvc.yaml', 'c', true)).toThrow("dvc.yaml has no stage 'c'");
  });
});
