import { createEngine } from '#engine/engine.ts';
import { fakeMachine } from '#machine/fake.ts';
import { registry } from '#modules/registry.ts';
import { treeOf } from '../../test/cases/trees.ts';

for (const n of [100, 1000]) {
  const files = {
    'web.sls':
      Array.from(
        { length: n },
        (_, i) =>
          `/srv/f${i}:\n  file.managed:\n    - contents: hello ${i}\n    - mode: '0644'\n    - require:\n      - test: base\n`,
      ).join('') + 'base:\n  test.nop: []\n',
  };
  const engine = createEngine({ registry, tree: treeOf({ ...files }) });
  const machine = fakeMachine({ files: { '/srv': { directory: true } } });
  const scope = { id: 'x', facts: {}, settings: {} };
  for (let k = 0; k < 6; k++) {
    let t = performance.now();
    engine.compile(['web'], { scope });
    const compile = performance.now() - t;
    t = performance.now();
    const r = await engine.apply(['web'], { scope, machine }).report();
    console.log(
      n,
      'compile',
      compile.toFixed(1),
      'apply',
      (performance.now() - t).toFixed(1),
      JSON.stringify(r.counts),
    );
  }
}
