import { expect, test } from 'vitest';
import { lateMetrics } from './late-metrics.ts';

test('the controllers of one machine are told at the names that dashboards know', async () => {
  const metrics = lateMetrics();
  expect(await metrics.text()).toBe('');
  await metrics.load(() => ({ tenants: 2, workspaces: 1, templates: 3, instances: new Map([['Ready', 4]]) }));
  metrics.operators.reconciled('instance', 'done', 0.01);
  metrics.operators.becameReady({ workspace: 'net', template: 'lab', environment: 'web', type: 'Standalone', persistent: false }, 3);
  metrics.operators.internalError('tenant', 'directory');
  const text = await metrics.text();
  expect(text).toContain('crownlabs_instances{phase="Ready"} 4');
  expect(text).toContain('tenant_operator_internal_errors{controller="tenant",reason="directory"} 1');
  expect(text).toMatch(
    /instance_initial_ready_time_second_count\{workspace="net",template="lab",environment="web",type="Standalone",persistent="false"\} 1/,
  );
  expect(text).toContain('controller_runtime_reconcile_total{controller="instance",result="success"} 1');
});
