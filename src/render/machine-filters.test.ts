import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asError } from '#base/errors.ts';
import { createRenderer, type Scope } from './render.ts';

function render(text: string, call?: Scope['call']): string {
  const scope: Scope = { facts: {}, settings: {}, id: 'web-01', ...(call ? { call, has: () => true } : {}) };
  return createRenderer({ read: () => undefined }).renderText({ path: 'x', text, scope }).text;
}

test('a filter that looks at the machine asks the function that does the same', () => {
  const calls: unknown[] = [];
  const answers: Readonly<Record<string, unknown>> = {
    'cmd.which': '/bin/sh',
    'file.get_hash': 'abc',
    'user.info': { uid: 7 },
  };
  const call: Scope['call'] = (name, args) => {
    calls.push([name, args]);
    return answers[name];
  };

  const text = render(
    "{{ 'sh' | which }} {{ none | which }} {{ '/etc/a' | file_hashsum }} {{ '/etc/a' | file_hashsum('md5') }} {{ 'anna' | get_uid }} {{ ['sh'] | map('which') | list }}",
    call,
  );

  assert.equal(text, "/bin/sh None abc abc 7 ['/bin/sh']");
  assert.deepEqual(calls, [
    ['cmd.which', ['sh']],
    ['file.get_hash', ['/etc/a', 'sha256']],
    ['file.get_hash', ['/etc/a', 'md5']],
    ['user.info', ['anna']],
    ['cmd.which', ['sh']],
  ]);
});

test('it is refused where there is no machine to ask, and for a name that is not defined', () => {
  const codeOf = (text: string) => {
    try {
      return render(text);
    } catch (error) {
      return asError(error).code;
    }
  };

  assert.equal(codeOf("{{ 'sh' | which }}"), 'TEMPLATE_FUNCTION_UNKNOWN');
  assert.equal(codeOf('{{ nobody | which }}'), 'TEMPLATE_UNDEFINED');
  assert.equal(codeOf("{{ '/etc' | list_files }}"), 'TEMPLATE_VALUE');
});
