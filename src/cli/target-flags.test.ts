import assert from 'node:assert/strict';
import { test } from 'node:test';
import { targetOf } from './target-flags.ts';

test('a target of any of Salt’s kinds is an expression', () => {
  const cases: readonly (readonly [written: string, kind: string, expression: string])[] = [
    ['os.family:debian', 'grain', 'G@os.family:debian'],
    ['os:Debian GNU/Linux', 'grain', 'G@"os:Debian GNU/Linux"'],
    ['a,b.example.com', 'list', 'L@a,b.example.com'],
    ['web(01|02)', 'pcre', 'E@"^(?:web(01|02))"'],
    ['^web', 'pcre', 'E@"^web"'],
    ['10.0.0.0/24', 'ipcidr', 'S@10.0.0.0/24'],
    ['role:web', 'pillar', 'I@role:web'],
    ['os:(Deb|Ub).*', 'grainPcre', 'P@"os:(Deb|Ub).*"'],
    ['role:(web|db)', 'pillarPcre', 'J@"role:(web|db)"'],
    ['web', 'nodegroup', 'N@web'],
    ['G@os:debian and not db*', 'compound', 'G@os:debian and not db*'],
  ];
  for (const [written, kind, expression] of cases) assert.equal(targetOf(written, { [kind]: true }), expression);
  assert.equal(targetOf('web*', { grain: false }), 'web*');
});
